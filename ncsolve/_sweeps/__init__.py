"""Many problems at once: paths along one parameter, phase diagrams over two, and where minimizers change.

A path is one shared spectrum (T3) or point by point; changes are crossings of the threshold, or found by bisection of
the model's ``state``.  Stands on the minimizer and on what the models say: T5, T5b, T8, T9 or T10 where a boundary has
a closed form.
"""
