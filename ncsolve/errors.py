class ConvergenceError(ValueError): pass
