"""``descend``: one run of a descent method on the full non-convex problem from a random start."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ncsolve.verify._definition import Definition
from ncsolve.verify._samples import Point, Samples, check_one_layer, class_means
from ncsolve.verify._types import Array
from ncsolve.verify.descent._adam import Adam
from ncsolve.verify.descent._backends import Backend, make_backend
from ncsolve.verify.descent._gradient import GradientDescent, Momentum
from ncsolve.verify.descent._lbfgs import run_lbfgs
from ncsolve.verify.descent._loop import Ending, Status, iterate, norm
from ncsolve.verify.descent._newton import Newton
from ncsolve.verify.descent._trajectory import Recorder, Trajectory

from ncsolve import UFM
from ncsolve.checks.arguments import check_kind, check_name, check_real, check_whole, entries
from ncsolve.checks.arrays import Frozen, array_property
from ncsolve.processes.threads import single_threaded
from ncsolve.progress import SlowProgress

__all__ = ["METHODS", "Run", "descend", "multi_start"]

METHODS = ("gd", "momentum", "adam", "lbfgs", "newton")
# Newton's method takes over from L-BFGS at this gradient norm, relative to the start's.
_HANDOVER = 1e-6
# Above this many parameters a dense Hessian costs more than it brings.
_MAX_DENSE = 1500
# Above this many BLAS is left as many threads as it wants.
_MAX_SINGLE = 100_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Run(Frozen):
    """A finished run: where it ended, how, and what happened on the way.

    ``status`` is CONVERGED, STEP_LIMIT or STALLED; ``gradient_norm`` and ``steps`` are those of the last step;
    ``trajectory`` holds the snapshots.  A run that agrees with a prediction supports it; it never proves it.
    """

    method: str
    backend: str
    device: str
    seed: int
    status: Status
    steps: int
    loss: float
    gradient_norm: float
    point: Point = field(repr=False)
    samples: Samples = field(repr=False)
    trajectory: Trajectory = field(repr=False)

    @property
    def converged(self) -> bool:
        """Whether the gradient norm reached the tolerance."""
        return self.status is Status.CONVERGED

    @array_property
    def class_means(self) -> Array:
        """Class means of the features (d, K)."""
        return class_means(self.samples, self.point.H)

    @array_property
    def gram(self) -> Array:
        """Inner products of the class means (K, K)."""
        return self.class_means.T @ self.class_means

    @property
    def bias(self) -> Array:
        """b (m,)."""
        return self.point.b

    @array_property
    def singular_values(self) -> Array:
        """The min(m, K) largest singular values of W H, descending (all others are zero under NC1)."""
        return self.samples.singular_values(self.point.W @ self.point.H)


def descend(
    problem: UFM,
    *,
    method: str = "lbfgs",
    seed: int = 0,
    dim: int | None = None,
    tolerance: float = 1e-8,
    max_steps: int = 200_000,
    backend: str = "numpy",
    device: str | None = None,
    start: Point | None = None,
    merged: bool = False,
    trace: bool = True,
    progress: bool = True,
) -> Run:
    r"""Minimize the full problem over W (m, d), H (d, N) and b (m,) by gradients of its definition.

    Parameters
    ----------
    problem : UFM
    method : "gd", "momentum", "adam", "lbfgs" or "newton"
        "newton" is L-BFGS, then Newton steps with the Hessian of the definition: for the last digits.
    seed : int
        Of the random start, the same for every method and backend.
    dim : int, optional
        Feature dimension d >= 1, by default the problem's.
    tolerance : float
        The run ends when the gradient norm is at most this times the gradient norm at the random start.
    max_steps : int
        The run ends there at the latest, with status STEP_LIMIT.
    backend, device : "numpy" or "torch", and torch's device ("cpu", "cuda"); by default a GPU where there is one.
    start : Point, optional
        In place of the random start; the tolerance still refers to the random one.
    merged : bool
        One feature per class in place of one per sample, for large problems: it takes NC1 for granted.
    trace : bool
        Take snapshots on the way, not only at the end.
    progress : bool
        Show a bar on a terminal after two seconds.

    Raises
    ------
    UnknownNameError, NCSolveError
        For an unknown method or backend, a number out of range, or a missing torch or device.
    OpenProblemError
        For a deep head and for ReLU features.
    SizeError
        If the features are too many to hold; the message says to merge them.

    Notes
    -----
    Source: T0 of docs/theory.md.

    Examples
    --------
    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(3), counts=4,
    ...                       lambda_w=0.01, lambda_h=0.01, lambda_b=0.5)
    >>> run = descend(problem, method="gd", seed=1)
    >>> run.converged, abs(run.loss - ncsolve.solve(problem).loss) < 1e-9
    (True, True)
    """
    check_one_layer(problem, "a descent by any method")
    check_name("method", method, METHODS)
    check_real("tolerance, relative to the gradient at the start,", tolerance, 0.0, 1.0)
    for name, value, least in (("seed", seed, 0), ("dim", 1 if dim is None else dim, 1), ("max_steps", max_steps, 1)):
        check_whole(name, value, least)
    if start is not None:
        check_kind("start", start, Point, "give a Point, such as that of another run")
    samples = Samples.of(problem, dim=dim, merged=merged)
    engine = make_backend(backend, samples, device)
    f = Definition(samples)
    random = f.start(seed)
    target = tolerance * norm(f.value_and_gradient(random)[1])
    first = random if start is None else f.vector(start)
    observer = _Observer(f, engine.to_array, sparse=not trace)
    threads = single_threaded() if f.size <= _MAX_SINGLE else contextlib.nullcontext()
    with threads, SlowProgress(f"{method} (seed {seed}), steps", total=max_steps, enabled=progress) as bar:
        observer.tick = bar.update
        ending = _RUNS[method](engine, first, target, max_steps, observer)
    x = f.level(engine.to_array(ending.x))
    return Run(
        method=method,
        backend=backend,
        device=engine.device,
        seed=seed,
        status=ending.status,
        steps=ending.steps,
        loss=f.value(x),
        gradient_norm=ending.gradient_norm,
        point=f.point(x),
        samples=samples,
        trajectory=observer.recorder.finish(ending.steps, x, ending.value, ending.gradient_norm),
    )


def multi_start(
    problem: UFM,
    *,
    seeds: Iterable[int] = range(4),
    method: str = "lbfgs",
    dim: int | None = None,
    tolerance: float = 1e-8,
    max_steps: int = 200_000,
    backend: str = "numpy",
    device: str | None = None,
    merged: bool = False,
    trace: bool = True,
    progress: bool = True,
) -> tuple[Run, ...]:
    """``descend`` from several random starts; every run is returned, converged or not.

    Raises what ``descend`` raises.

    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(3), counts=2,
    ...                       lambda_w=0.01, lambda_h=0.01, lambda_b=0.5)
    >>> [run.converged for run in multi_start(problem, seeds=range(2))]
    [True, True]
    """
    check_name("method", method, METHODS)
    chosen = tuple(check_whole("a seed", seed, 0) for seed in entries("seeds", seeds, "such as range(4)"))
    runs: list[Run] = []
    with SlowProgress(f"{method}, starts", total=len(chosen), enabled=progress) as bar:
        for seed in chosen:
            runs.append(
                descend(
                    problem, method=method, seed=seed, dim=dim, tolerance=tolerance, max_steps=max_steps,
                    backend=backend, device=device, merged=merged, trace=trace, progress=False,
                )
            )
            bar.update(len(runs))
    return tuple(runs)


class _Observer:
    """Passes the steps on to the recorder and to the progress bar."""

    def __init__(self, f: Definition, to_array: Callable[[Array], Array], *, sparse: bool) -> None:
        self.recorder = Recorder(f, sparse=sparse)
        self.tick: Callable[[float], None] = lambda step: None
        self._to_array = to_array

    def due(self, step: int) -> bool:
        self.tick(step)
        return self.recorder.due(step)

    def see(self, step: int, x: Array, value: float, gradient_norm: float) -> None:
        self.recorder.take(step, self._to_array(x), value, gradient_norm)


def _first_order(stepper: GradientDescent | Momentum | Adam) -> Callable[..., Ending]:
    def run(engine: Backend, x: Array, target: float, max_steps: int, observer: _Observer) -> Ending:
        return iterate(
            stepper, engine.native, engine.from_array(x), target=target, max_steps=max_steps,  # type: ignore[misc]
            observer=observer,
        )

    return run


def _lbfgs(engine: Backend, x: Array, target: float, max_steps: int, observer: _Observer) -> Ending:
    ending = run_lbfgs(engine.flat, x, target=target, max_steps=max_steps, observer=observer)
    return _returned(engine, ending)


def _newton(engine: Backend, x: Array, target: float, max_steps: int, observer: _Observer) -> Ending:
    rough = target if x.size > _MAX_DENSE else max(target, _HANDOVER * norm(engine.flat.value_and_gradient(x)[1]))
    ending = run_lbfgs(engine.flat, x, target=rough, max_steps=max_steps, observer=observer)
    if x.size <= _MAX_DENSE:
        ending = iterate(
            Newton(), engine.flat, ending.x, target=target, max_steps=max_steps, observer=observer, first=ending.steps
        )
    return _returned(engine, ending)


def _returned(engine: Backend, ending: Ending) -> Ending:
    """The ending in the backend's own vectors."""
    return Ending(
        x=engine.from_array(ending.x), value=ending.value, gradient_norm=ending.gradient_norm, steps=ending.steps,
        status=ending.status,
    )


_RUNS: dict[str, Callable[..., Ending]] = {
    "gd": _first_order(GradientDescent()),
    "momentum": _first_order(Momentum()),
    "adam": _first_order(Adam()),
    "lbfgs": _lbfgs,
    "newton": _newton,
}
