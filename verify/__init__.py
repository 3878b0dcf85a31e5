"""Independent numerical checks of the minimizers and of the theory (installed as ``ncsolve.verify``).

Everything found here comes from descent on the full non-convex problem, from cvxpy, or from the definition of the
objective (T0 of docs/theory.md, and weak duality, T12, in ``_dual.py``); no formula is shared with the solver, and of
ncsolve only public names are imported.  ``check`` examines one problem by the row of its model in ``_models.py``;
``run_claims`` examines the theorems, one claim each in ``claims/``.

>>> import ncsolve
>>> from ncsolve import verify
>>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(3), counts=2, lambda_w=0.02, lambda_h=0.01, lambda_b=0.5)
>>> verify.check(problem).passed
True
"""

from ncsolve.verify import metrics, peers
from ncsolve.verify._check import check
from ncsolve.verify._claim import SOURCES, Claim, Verdict
from ncsolve.verify._claims_report import ClaimsReport
from ncsolve.verify._figure import Figure
from ncsolve.verify._problem_report import Report
from ncsolve.verify._runner import run_claims
from ncsolve.verify._samples import Point
from ncsolve.verify.claims import CLAIMS, select
from ncsolve.verify.convex import ConvexSolution, solve_convex
from ncsolve.verify.critical import CriticalPoint, confined_critical_point, examine, leave, zero_point
from ncsolve.verify.descent import Run, Status, Trajectory, descend, multi_start

__all__ = [
    "CLAIMS",
    "SOURCES",
    "Claim",
    "ClaimsReport",
    "ConvexSolution",
    "CriticalPoint",
    "Figure",
    "Point",
    "Report",
    "Run",
    "Status",
    "Trajectory",
    "Verdict",
    "check",
    "confined_critical_point",
    "descend",
    "examine",
    "leave",
    "metrics",
    "multi_start",
    "peers",
    "run_claims",
    "select",
    "solve_convex",
    "zero_point",
]
