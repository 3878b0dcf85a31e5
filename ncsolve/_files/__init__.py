"""Files read and written: inputs up to a size, outputs whole or not at all; knows nothing of what is in them.

Stands on the errors alone.  What labels and codes in files mean is in ``reading``.
"""
