"""Descent on the full non-convex problem: objective and gradient from the definition, nothing from the theory.

``descend`` runs any method on one linear layer, where every start ends at the minimum (T3), and records its
trajectory; ``layered_starts`` runs L-BFGS from many starts on all layers of any model, where there are local minima
(bottlenecks, T8; deep heads, T9; H >= 0, T10).  Both stand on ``Definition``; torch writes the objective once more.

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
