"""The minimizer that ``solve`` returns, with its own check of the gradient."""
