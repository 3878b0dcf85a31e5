"""``ncsolve measure --previous-features``: the last two layers of a network, from features on both sides of one."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ncsolve.cli._measure_inputs import Inputs, read_inputs
from ncsolve.cli._measure_request import MeasureArguments, refuse_model, tolerance_of
from ncsolve.cli._problem_options import ProblemArguments
from ncsolve.errors import FileError, ProblemError

if TYPE_CHECKING:
    from ncsolve._arrays import Array
    from ncsolve._measure.metric_measurement import MetricMeasurement
    from ncsolve._measure.shards import Shard
    from ncsolve._measure.statistics import FeatureStatistics
    from ncsolve._problem.convention import Convention
    from ncsolve._problem.metric_problem import MetricProblem

__all__ = ["MeasuredLayers", "measured_layers", "show_layers"]

# The dimension of z and h together at which their moments take 2 GiB.
_WHOLE = 1 << 14


@dataclass(frozen=True, kw_only=True)
class MeasuredLayers:
    """A ``measurement`` of two layers, the ``convention`` of what is told, and what was ``read``."""

    measurement: MetricMeasurement
    convention: Convention
    read: tuple[str, ...]


def show_layers(asked: MeasureArguments, *, as_json: bool) -> None:
    """Measure, and print the document or the words.  Raises NCSolveError."""
    found = measured_layers(asked)
    if as_json:
        from ncsolve._documents.metric_measurement import metric_measurement_document
        from ncsolve.cli._output import say_json

        document = metric_measurement_document(found.measurement, convention=found.convention)
        say_json(document | {"read": list(found.read)})
        return
    from ncsolve._words.metric_measurement import metric_measurement_summary
    from ncsolve.cli._describe_measurement import describe_summary

    describe_summary(metric_measurement_summary(found.measurement, found.convention), found.read)


def measured_layers(asked: MeasureArguments) -> MeasuredLayers:
    """Read the files and measure.  Raises NCSolveError, naming the option or the file."""
    from ncsolve._measure.made_of import deciding_codes
    from ncsolve._measure.metric_inputs import HALF, gather_both, layer_between
    from ncsolve._measure.metric_measure import layers_of
    from ncsolve._measure.metric_measurement import MetricMeasurement
    from ncsolve._measure.statistics import FeatureStatistics
    from ncsolve._minimizer.solve import solve
    from ncsolve._problem.convention import convention
    from ncsolve.progress import SlowProgress

    assert asked.previous is not None
    _refuse(asked)
    scaling = convention(asked.given.convention or "paper")
    tolerances = (tolerance_of("--gap-tolerance", asked.gap_tolerance),
                  tolerance_of("--stationarity-tolerance", asked.stationarity_tolerance))
    decays = _decays(asked)
    inputs = read_inputs(
        files=asked.files, merge=False, given=asked.given, head=asked.head, head_name=asked.head_name, scatter="full",
        loss="mse",
    )
    if inputs.head is None:
        raise ProblemError("--previous-features measures the last two layers, and the last one is missing; save W and "
                           "b beside the features, or add --head")
    w, b = inputs.head
    if b is not None and "lambda_b" not in decays:
        raise ProblemError("a head with a bias has a weight decay of it; got no --lambda-b, give it (0 for a free "
                           "bias)")
    previous = _previous(asked.previous, asked.given.label_column)
    _check_rows(inputs, previous, asked.given)
    p, d = previous[0].dim, inputs.shards[0].dim
    if p + d > _WHOLE:
        raise ProblemError(f"--previous-features keeps (p + d)^2 numbers, for p + d up to {_WHOLE}; got {p} + {d}, "
                           "project both on fewer dimensions")
    held = _held((*previous, *inputs.shards))
    if held and "c" not in held and decays.setdefault("lambda_c", math.inf) < math.inf:
        raise ProblemError("--lambda-c is the weight decay of c, and the files have V without c; got "
                           f"{asked.lambda_c}, save c beside V, or drop --lambda-c if the layer has no bias")
    import numpy as np

    names: int | tuple[str, ...] = inputs.statistics.class_names or inputs.statistics.classes
    both = FeatureStatistics(names, p + d, (np.pad(w, ((0, 0), (p, 0))), b), codes=deciding_codes(inputs.encoding))
    with SlowProgress("reading features", total=max(inputs.rows, 1)) as progress:
        precision = gather_both(
            both, previous, inputs.shards, inputs.numbers, lambda done, name: progress.update(done, name)
        )
    lower, hidden_bias = decays["lambda_v"], decays.get("lambda_c", decays["lambda_v"])
    layer = layer_between(
        both, p, unit=math.sqrt(lower / hidden_bias), held=held, files=(previous[0].name, inputs.shards[0].name),
        precision=precision,
    )
    problem = _problem(both, p, inputs, decays | {"lambda_c": hidden_bias}, scaling.name)
    c = None if math.isinf(hidden_bias) else np.zeros(d) if layer.c is None else layer.c
    if layer.c is not None and c is None and layer.c.any():
        c = layer.c  # which is refused in words
    found = MetricMeasurement(
        layers=layers_of(problem, w, b, layer.V, c, both.accuracy, half=max(precision) >= HALF),
        predicted=solve(problem), tolerances=tolerances,
        names=problem.class_names or tuple(str(k) for k in both.present),
    )
    rows = f"{asked.previous.name}: previous features {inputs.rows} x {p}; {layer.sentence}"
    return MeasuredLayers(measurement=found, convention=scaling, read=(*inputs.read, rows))


def _problem(
    both: FeatureStatistics, p: int, inputs: Inputs, decays: dict[str, float], convention: str
) -> MetricProblem:
    """The problem of z, the first p dimensions of a statistic."""
    from ncsolve._measure.labelled_classes import labelled_classes
    from ncsolve._problem.metric_problem import MetricProblem

    classes, within = labelled_classes(both, inputs.encoding, 0), both.within_scatter
    assert within is not None  # it was made so
    return MetricProblem.of_classes(
        both.class_means[:p, both.present], within[:p, :p] / both.samples, encoding=classes.encoding,
        counts=classes.counts, class_names=classes.names, convention=convention, lambda_w=decays["lambda_w"],
        lambda_v=decays["lambda_v"], lambda_c=decays["lambda_c"], lambda_b=decays.get("lambda_b", math.inf),
    )


def _refuse(asked: MeasureArguments) -> None:
    """ProblemError for an option that is about one layer, or about what is not measured."""
    given = asked.given
    odd = (
        ("--lambda-h", given.lambda_h is not None, "penalizes features, and plain weight decay does not"),
        ("--features", given.features not in (None, "linear"), "is about a ReLU after h, and h = V z + c has none"),
        ("--loss", given.loss not in (None, "mse"), "has no prediction of two layers but under the mean squared error"),
        ("--samples", asked.samples is not None, "scales a penalty on features, and there is none"),
        ("--merge", asked.merge, "reads statistics, and both features are read row by row"),
        ("--scatter", asked.scatter != "full", "drops moments that two layers take"),
        ("--held-out", asked.held_out, "has no loss to compare"),
        ("--nc4", asked.nc4, "reads the features of one layer twice"),
        ("--dask", asked.dask is not None, "reads the features of one layer"),
        ("--save", asked.save is not None, "saves the statistic of one layer"),
        (asked.beside or "", asked.beside is not None, "shows one layer"),
    )
    for option, typed, why in odd:
        if typed:
            raise ProblemError(f"{option} {why}; got it with --previous-features, drop one of them")
    refuse_model(asked)


def _decays(asked: MeasureArguments) -> dict[str, float]:
    """The weight decays that were given."""
    from ncsolve._problem.metric_problem import check_hidden_bias
    from ncsolve._problem.weight_decays import check_lambda, check_lambda_b
    from ncsolve.checks.parse import parse_float

    texts = {"lambda_w": asked.given.lambda_w, "lambda_v": asked.lambda_v, "lambda_c": asked.lambda_c,
             "lambda_b": asked.given.lambda_b}
    missing = [f"--{name.replace('_', '-')}" for name in ("lambda_w", "lambda_v") if texts[name] is None]
    if missing:
        raise ProblemError("--previous-features takes the weight decays of both layers; got no "
                           f"{' and no '.join(missing)}, give what the network was trained with")
    found = {}
    for name, text in texts.items():
        if text is not None:
            option = f"--{name.replace('_', '-')}"
            value = parse_float(option, text)
            found[name] = (
                check_lambda_b(value, option) if name == "lambda_b" else
                check_hidden_bias(value, option) if name == "lambda_c" else check_lambda(option, value)
            )
    return found


def _previous(path: Path, column: str | None) -> list[Shard]:
    """The files of z; a column of labels that they may have is none of it."""
    from ncsolve._measure.shards import find_shards

    if column is not None:
        with suppress(FileError):  # which has no such column
            return find_shards([path], column=column, labelled=True)
    return find_shards([path], labelled=True)


def _check_rows(inputs: Inputs, previous: list[Shard], given: ProblemArguments) -> None:
    """FileError where z is not of the samples of h: by the file, the number of rows, and labels if z has some."""
    import numpy as np

    own_places = {os.path.realpath(shard.path) for shard in inputs.shards}
    same = next((shard for shard in previous if os.path.realpath(shard.path) in own_places), None)
    if same is not None:
        raise FileError(f"{same.name}: is named both as features and with --previous-features, and a layer lies "
                        "between the two; name the file of z")
    rows = sum(shard.rows for shard in previous)
    if rows != inputs.rows:
        raise FileError(f"{previous[0].name}: previous features must be those of the same samples; got {rows} rows for "
                        f"{inputs.rows} of the features, save both in one pass")
    sequences = [shard.labels() for shard in previous]
    known = [one for one in sequences if one is not None]
    if len(known) < len(sequences):
        return
    from ncsolve._files.reading.sequence import class_numbers_of

    names = inputs.statistics.class_names
    own = class_numbers_of(
        known, classes=inputs.statistics.classes, names=names, text=bool(given.text_labels)
    )
    apart = np.flatnonzero(np.concatenate(own.numbers) != np.concatenate(inputs.numbers))
    if apart.size:
        raise FileError(f"{previous[0].name}: its labels must be those of the features; got another in row {apart[0]}, "
                        "save both in one pass")


def _held(shards: tuple[Shard, ...]) -> dict[str, Array]:
    """V and c, if a file has them."""
    import numpy as np

    from ncsolve.checks.measured import measured

    for shard in shards:
        held = shard.held("V", "c")
        if "c" in held and "V" not in held:
            raise FileError(f"{shard.name}: has a bias c without V; save both, or neither")
        for key, value in held.items():
            if value.dtype.kind == "f" and not np.isfinite(value).all():
                raise FileError(f"{shard.name}: {key} must be finite; got {value[~np.isfinite(value)][0]:g}, save it "
                                "of a network whose training did not diverge")
        if held:
            return {key: measured(value, f"{key} of {shard.name}", "(d, p)" if key == "V" else "(d,)")
                    for key, value in held.items()}
    return {}
