"""Descent on the full non-convex problem: objective and gradient from the definition, nothing from the theory.

>>> import ncsolve
>>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(3), counts=2, lambda_w=0.01, lambda_h=0.01, lambda_b=1.0)
>>> descend(problem, method="momentum").status.name
'CONVERGED'
"""

from ncsolve.verify.descent._backends import BACKENDS
from ncsolve.verify.descent._descend import METHODS, Run, descend, multi_start
from ncsolve.verify.descent._layered import LayeredRun, descend_layered
from ncsolve.verify.descent._loop import Status
from ncsolve.verify.descent._starts import beside, layered_starts
from ncsolve.verify.descent._trajectory import Snapshot, Trajectory

__all__ = ["BACKENDS", "METHODS", "LayeredRun", "Run", "Snapshot", "Status", "Trajectory", "beside", "descend",
           "descend_layered", "layered_starts", "multi_start"]
