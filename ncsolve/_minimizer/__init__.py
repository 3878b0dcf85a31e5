"""The minimizer that ``solve`` returns, with its own check of the gradient.

Asks a model for a frame and keeps it: loss, regime, NC metrics and decoding are read from that.  Evaluates no theorem
itself; ``Minimizer.choice`` names the one that the model used (T3 to T6, T8 to T10).
"""
