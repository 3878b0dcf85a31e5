"""Results as documents: JSON by the schemas of ``ncsolve/schemas``, and .npz files.

Stands on the results (minimizers, paths, phases, comparisons, designs), which reach it through ``_outlets``; states no
theorem, only the number of the one that a result names.
"""
