"""From the options of ``ncsolve measure`` to what was measured, in the order in which errors are best told."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ncsolve.cli._measure_inputs import read_inputs
from ncsolve.cli._problem_options import ProblemArguments
from ncsolve.errors import ProblemError, shown

if TYPE_CHECKING:
    from ncsolve._arrays import Array
    from ncsolve._measure.feature_geometry import FeatureGeometry
    from ncsolve._measure.measurement import Measurement
    from ncsolve._measure.statistics import FeatureStatistics
    from ncsolve._problem.convention import Convention
    from ncsolve._words.summary import Summary

__all__ = ["MeasureArguments", "Measured", "measured", "refuse_model", "tolerance_of"]


@dataclass(frozen=True, kw_only=True)
class MeasureArguments:
    """What was typed, as in ``cli/_measure.py``."""

    files: tuple[Path, ...]
    merge: bool
    given: ProblemArguments
    head: str | None
    head_name: str | None
    samples: int | None
    scatter: str
    held_out: bool
    nc4: bool
    gap_tolerance: str
    stationarity_tolerance: str
    beside: str | None  # the option that shows measured beside predicted, if there is one
    dask: str | None
    previous: Path | None = None
    lambda_v: str | None = None
    lambda_c: str | None = None
    save: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A ``measurement``, or the ``geometry`` alone where there is nothing to compare with."""

    statistics: FeatureStatistics
    measurement: Measurement | None
    geometry: FeatureGeometry | None
    convention: Convention
    lambdas: tuple[float, float, float] | None
    nc4_samples: float | None
    read: tuple[str, ...]

    def summary(self) -> Summary:
        """What there is to say of it."""
        from ncsolve._words.measurement import geometry_summary, measurement_summary

        if self.measurement is not None:
            return measurement_summary(self.measurement, self.convention, self.lambdas,
                                       nc4_samples=self.nc4_samples)
        assert self.geometry is not None
        return geometry_summary(self.geometry, self.convention, nc4_samples=self.nc4_samples)

    def document(self) -> dict[str, object]:
        """The same as JSON, with what was read and the names of the classes."""
        from ncsolve._documents.measurement import geometry_document, measurement_document

        if self.measurement is not None:
            document = measurement_document(self.measurement, convention=self.convention, lambdas=self.lambdas,
                                            nc4_samples=self.nc4_samples)
        else:
            assert self.geometry is not None
            document = geometry_document(self.geometry, convention=self.convention, nc4_samples=self.nc4_samples)
        document["read"] = list(self.read)
        if self.statistics.class_names is not None:
            document["class_names"] = list(self.statistics.class_names)
        return document


@dataclass(frozen=True, kw_only=True)
class _Lambdas:
    w: float
    h: float | None
    b: float
    estimator: str | None


def measured(asked: MeasureArguments) -> Measured:
    """Read the files and measure.  Raises NCSolveError, naming the option or the file."""
    from ncsolve._measure.feature_geometry import WHY_NOT, feature_geometry
    from ncsolve._measure.inputs import agreement
    from ncsolve._problem.convention import convention
    from ncsolve._problem.losses import check_loss
    from ncsolve.progress import SlowProgress

    for option, text in (("--lambda-v", asked.lambda_v), ("--lambda-c", asked.lambda_c)):
        if text is not None:
            raise ProblemError(f"{option} is the weight decay of the last hidden layer, which takes the features below "
                               "it; add --previous-features FILE, or drop it")
    refuse_model(asked)
    if asked.dask is not None and asked.merge:
        raise ProblemError("--dask reads features, and the files of --merge are read here; drop it")
    loss = None if asked.given.loss is None else check_loss(asked.given.loss)
    convention(asked.given.convention or "paper", loss or "mse")
    tolerances = tuple(tolerance_of(option, text) for option, text in (
        ("--gap-tolerance", asked.gap_tolerance), ("--stationarity-tolerance", asked.stationarity_tolerance)))
    early = _lambdas(asked, bias=False)  # what can be told of the numbers is told before the files are read
    inputs = read_inputs(
        files=asked.files, merge=asked.merge, given=asked.given, head=asked.head, head_name=asked.head_name,
        scatter=asked.scatter, loss=loss,
    )
    statistics = inputs.statistics
    loss = loss or statistics.loss
    scaling = convention(asked.given.convention or "paper", loss)
    if asked.nc4 and (inputs.head is None or not inputs.shards):
        got = "saved statistics" if inputs.head is not None else "no head"
        raise ProblemError(f"--nc4 decides every sample once more, by the head and by the class means; got {got}, "
                           + ("name the features themselves" if inputs.head is not None else "add --head")
                           + ", or drop it")
    lambdas = None if early is None or inputs.head is None else _lambdas(asked, bias=inputs.head[1] is not None)
    why = (
        "held out" if asked.held_out else "no head" if inputs.head is None else
        "no scatter" if statistics.scatter == "trace" and loss == "mse" else "no lambdas" if lambdas is None else None
    )
    if asked.beside is not None and why is not None:
        raise ProblemError(f"{asked.beside} shows measured beside predicted, and there is no prediction "
                           f"({WHY_NOT[why]}); give what is missing, or drop it")
    size = inputs.rows or statistics.samples
    if asked.samples is not None and asked.samples < size:
        raise ProblemError(f"--samples is the size of the training set, of which these are a part; got {asked.samples} "
                           f"for {size} samples, drop it or name fewer files")
    total = inputs.rows * (2 if asked.nc4 else 1)
    with SlowProgress("reading features", total=max(total, 1)) as progress:
        statistics = inputs.gather(lambda done, name: progress.update(done, name), asked.dask)
        share = None
        if asked.nc4:
            share = agreement(statistics, inputs.shards, lambda n, name: progress.update(inputs.rows + n, name))
    if why is not None or lambdas is None or inputs.head is None:
        head = None if inputs.head is None else _with_bias(inputs.head)
        geometry = feature_geometry(statistics, head, inputs.encoding, why=why or "no lambdas", loss=loss)
        return Measured(statistics=statistics, measurement=None, geometry=geometry, convention=scaling, lambdas=None,
                        nc4_samples=share, read=inputs.read)
    from ncsolve._measure.measure import measure

    w, h, b = scaling.to_paper(
        asked.samples or size, inputs.encoding.code_length, lambdas.w, lambdas.h or lambdas.w, lambdas.b,
    )
    problem = statistics.problem(
        inputs.encoding, lambda_w=w, lambda_h=h, lambda_b=b, features=asked.given.features or "linear", loss=loss,
    )
    found = measure(
        statistics, inputs.head[0], inputs.head[1], problem, lambda_h=lambdas.estimator, samples=asked.samples,
        gap_tolerance=tolerances[0], stationarity_tolerance=tolerances[1],
    )
    typed = lambdas.w, lambdas.h if lambdas.h is not None else math.nan, lambdas.b
    if lambdas.h is None:
        factor = scaling.factors(problem.samples, problem.code_length)[1]
        typed = lambdas.w, found.lambda_h / factor, lambdas.b
    return Measured(statistics=statistics, measurement=found, geometry=None, convention=scaling, lambdas=typed,
                    nc4_samples=share, read=inputs.read)


def _with_bias(head: tuple[Array, Array | None]) -> tuple[Array, Array]:
    w, b = head
    return w, 0.0 * w[:, 0] if b is None else b


def refuse_model(asked: MeasureArguments) -> None:
    """ProblemError for a model that isn't measured, and without files."""
    if asked.given.depth not in (None, 1):
        raise ProblemError("a head is measured against one linear layer, as deep heads are not convex and no theorem "
                           f"splits their gap; got --depth {asked.given.depth}, give the last layer alone")
    if asked.given.dim is not None:
        raise ProblemError("--dim is the dimension of the features, which their files have; drop it")
    if not asked.files:
        raise ProblemError("name the statistics to merge, as in 'ncsolve measure --merge a.npz b.npz'" if asked.merge
                           else "name the features to measure, as in 'ncsolve measure features.npz'")
    if asked.samples is not None and asked.samples < 1:
        raise ProblemError(f"--samples is the size of the training set, at least 1; got {asked.samples}")


def tolerance_of(option: str, text: str) -> float:
    """A tolerance, or ProblemError."""
    from ncsolve.checks.parse import parse_float

    value = parse_float(option, text)
    if not 0.0 < value < math.inf:
        raise ProblemError(f"{option} must be a positive number; got {shown(text)}, give one such as 0.01")
    return value


def _lambdas(asked: MeasureArguments, *, bias: bool) -> _Lambdas | None:
    """The weight decays; None where none was given, or where there is nothing to compare with.

    Without a ``bias`` lambda_b is inf where it is not given.
    """
    from ncsolve._measure.feature_decay import ESTIMATORS
    from ncsolve._problem.weight_decays import check_lambda, check_lambda_b
    from ncsolve.checks.parse import parse_float

    given = asked.given
    texts = {"--lambda-w": given.lambda_w, "--lambda-h": given.lambda_h, "--lambda-b": given.lambda_b}
    if not any(text is not None for text in texts.values()):
        return None
    read: Callable[[str, str], float] = lambda option, text: parse_float(option, text)  # noqa: E731
    w = None if given.lambda_w is None else check_lambda("--lambda-w", read("--lambda-w", given.lambda_w))
    estimator = given.lambda_h if given.lambda_h in ESTIMATORS else None
    h = None
    if given.lambda_h is not None and estimator is None:
        rule = f"a number such as 5e-4 or 1/2000, or {' or '.join(ESTIMATORS)}"
        h = check_lambda("--lambda-h", parse_float("--lambda-h", given.lambda_h, rule))
    b = None if given.lambda_b is None else check_lambda_b(read("--lambda-b", given.lambda_b), "--lambda-b")
    missing = [option for option, text in texts.items() if text is None and (bias or option != "--lambda-b")]
    if missing and not asked.held_out:
        hints = {"--lambda-w": "the weight decay of the head", "--lambda-h": "a number, balance or norm",
                 "--lambda-b": "0 for a free bias, inf for none"}
        raise ProblemError(
            f"a prediction needs all weight decays; got no {' and no '.join(missing)}, give "
            f"{' and '.join(f'{option} ({hints[option]})' for option in missing)}, or none at all for the geometry"
        )
    if w is None:
        return None
    return _Lambdas(w=w, h=h, b=math.inf if b is None else b, estimator=estimator)
