"""Networks that were trained on real data: none is below the minimum, and verdicts and certificates are true of all."""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_least, at_most, count
from ncsolve.verify._network_distances import true_distances
from ncsolve.verify._network_minimum import Minimum, minimum_of
from ncsolve.verify._networks import NetworkRun, NetworkTable, read_networks
from ncsolve.verify.convex import solve_convex

import ncsolve

_COLLAPSED, _UNFINISHED, _OTHER = "collapsed as predicted", "not finished", "another model"
_DIGITS = "the table has ten digits of each number"
_MOMENTS = f"{_DIGITS}, also of moments, whose terms cancel to the loss"
_SHORT, _GONE = 0.1, 0.01  # of a class mean's length: what a verdict has to name
_PROGRAM_ENTRIES = 120  # cvxpy takes seconds for more

Examined = list[tuple[NetworkRun, Minimum]]


@claim(
    name="networks", sources=("ncsolve",), theorems=("gap", "network-certificate", "metric-ufm"), weight=5,
    statement="of networks that were trained on real data none has a loss below the minimum of its problem, and but "
    "for plain weight decay none had at any step; the gap that is told of each is that between the two and the sum of "
    "four parts, its verdict follows from the gap, and none is farther from the predicted frame than is certified",
    run="the committed table of docs/networks.md: losses by definition, of the outputs of class means and of sums over "
    "samples (under cross-entropy with the mean loss that the run recorded), and the minimum by weak duality at the "
    "solver's point and, at full size, from cvxpy; distances from the recorded Gram matrices, outputs and biases",
)
def examine(size: Size) -> list[Figure]:
    """All runs of the table; each distinct problem is solved once."""
    table = read_networks()
    minima: dict[str, Minimum] = {}
    runs: Examined = []
    for run in table.runs:
        if not run.failed:
            if run.same not in minima:
                minima[run.same] = minimum_of(run)
            runs.append((run, minima[run.same]))
    return [
        *_losses(runs), *_gaps(runs), *_verdicts(runs), *_certificates(runs), *_complete(table),
        *(_programs(runs) if size == "full" else []),
    ]


def _complete(table: NetworkTable) -> list[Figure]:
    """The rows are those of the table's head, and those that failed say why."""
    there, keys = Counter(run.variation for run in table.runs), Counter(run.key for run in table.runs)
    names = there.keys() | table.done.keys()
    wrong = sum(there[name] != table.done.get(name) or there[name] > table.wanted[name] for name in names)
    strangers = sum(run.key != run.hashed or keys[run.key] > 1 or not _follows(run) for run in table.runs)
    silent = sum(run.failed != (isinstance(run.failure, str) and " " in run.failure.strip()) for run in table.runs)
    return [
        count("variations with another number of runs than the table's head has", 0, wrong, comparisons=len(names)),
        count("runs whose key or problem is not that of their factors", 0, strangers, comparisons=len(table.runs)),
        count("runs that failed without a sentence, or have one without having failed", 0, silent,
              comparisons=len(table.runs)),
    ]


def _follows(run: NetworkRun) -> bool:
    """Whether counts and weight decays of the problem are those that the factors of the run say."""
    if run.failed:
        return True
    factors, counts = run.factors, run.counts
    few = max(round(factors["per_class"] / factors["imbalance"]), 1)
    wanted = np.where(2 * np.arange(counts.size) < counts.size, factors["per_class"], few)
    decays = {"lambda_b": float(factors["lambda_b"])}
    if factors["tail"] == "plain":
        decays |= dict.fromkeys(("lambda_w", "lambda_v", "lambda_c"), factors["decay"])
    else:
        tau = factors["threshold"] ** 2 / (counts.sum() * counts.size)
        decays |= {"lambda_w": factors["lambda_w"], "lambda_h": tau / factors["lambda_w"]}
    return (
        np.array_equal(counts, wanted)
        and all(run.decay(name) == value or abs(run.decay(name) / value - 1) < 1e-9 for name, value in decays.items())
        and run.problem["loss"] == factors["loss"]
        and (run.problem["features"] == "relu") == (factors["tail"] in ("relu", "bn-relu"))
    )


def _losses(runs: Examined) -> list[Figure]:
    defined = Worst("loss by definition", tolerance=1e-8, reason=_DIGITS)
    energy = Worst("squared norm of the features, from their Gram matrix", tolerance=1e-8, reason=_DIGITS)
    minimum = Worst("minimum of the last layer, as a bound by weak duality", tolerance=1e-8, reason=_DIGITS)
    layers = Worst("minimum of the last two layers, as such a bound", tolerance=2e-7, reason=_MOMENTS)
    above: dict[bool, list[float]] = {False: [], True: []}
    trained = []
    for run, best in runs:
        told, loss = run.told, run.objective()
        defined.add(told["loss"], loss)
        inner = float(run.network["within_features"])
        energy.add(run.network["features"], float(run.counts @ np.diag(run.gram)) + inner)
        if best.known:
            (layers if run.metric else minimum).add(told["minimum"], best.bound)
        above[run.metric].append(min(float(told["loss"]), loss) / best.bound - 1 if best.bound > 0.0 else loss)
        if not run.metric:  # there the previous features change with the layers below, and with them the minimum
            trained.append(run.lowest / best.bound - 1 if best.bound > 0.0 else run.lowest)
    return [
        at_least("loss of a network less the minimum by weak duality, over that", -1e-8, above[False], reason=_DIGITS),
        *([at_least("loss of two layers less that minimum, over it", -2e-7, above[True], reason=_MOMENTS)]
          if above[True] else []),
        at_least("lowest loss of a training less that minimum, over it", -2e-6, trained,
                 reason="trained in single precision"),
        *(worst.figure() for worst in (defined, energy, minimum, layers) if worst.figure().comparisons),
    ]


def _gaps(runs: Examined) -> list[Figure]:
    gap = Worst("gap, as loss minus minimum, over the loss", tolerance=1e-8, reason=_DIGITS)
    relative = Worst("gap over the minimum, or over what that is above the entropy", tolerance=2e-7, reason=_MOMENTS)
    whole = Worst("gap, as the sum of the four parts", tolerance=2e-9, reason=_DIGITS)
    within = Worst("what the variation within the classes adds, over the loss", tolerance=1e-8, reason=_DIGITS)
    least = []
    for run, best in runs:
        told = run.told
        gap.add(0.0, (told["gap"] - (told["loss"] - told["minimum"])) / told["loss"])
        relative.add(told["gap"] / best.unit if best.known else told["relative_gap"], told["relative_gap"])
        if told["parts"] is None:
            continue
        parts = {name: told["parts"][name] for name in ("fit", "bias", "dual", "feature")}
        whole.add(told["gap"], math.fsum(parts.values()))
        least.append(min(parts.values()))
        if not run.metric:
            within.add(0.0, (told["parts"]["within"] - run.within()) / told["loss"])
    return [
        *(worst.figure() for worst in (gap, relative, whole, within)),
        at_least("least part of a gap", 0.0, least, reason="each is a square or a divergence"),
    ]


def _verdicts(runs: Examined) -> list[Figure]:
    """What the numbers say, beside what was said."""
    wrong = [not _agrees(run) for run, _ in runs]
    allowed = [run.told["verdict"]["gap_tolerance"] for run, _ in runs]
    still = [run.told["verdict"]["stationarity_tolerance"] for run, _ in runs]
    silent = [run for run, best in runs if best.unique and not _names_what_is_missed(run, best)]
    return [
        count("verdicts that the gap and the head's slope contradict", 0, sum(wrong), comparisons=len(wrong)),
        at_most("gap that a verdict takes for collapsed, over the minimum", 0.01, allowed, reason="what measure takes"),
        at_most("slope of the head that it takes for none, over its weight decay", 0.05, still,
                reason="L-BFGS creeps at the kinks of a ReLU; 0.01 otherwise"),
        count("runs with class means that are missed, which the verdict doesn't name", 0, len(silent),
              comparisons=len(runs)),
    ]


def _agrees(run: NetworkRun) -> bool:
    told = run.told
    kind, text = told["verdict"]["kind"], str(told["verdict"]["text"])
    ends = [told[name] for name in ("stationarity", "hidden_stationarity", "bias_stationarity") if name in told]
    still = all(end is not None and float(end) <= told["verdict"]["stationarity_tolerance"] for end in ends)
    gap = told["relative_gap"]
    near = gap is not None and float(gap) <= told["verdict"]["gap_tolerance"]
    # a head that isn't stationary may be so at other weight decays, and then it is another model's
    possible = (_COLLAPSED,) if still and near else (_OTHER,) if still else (_UNFINISHED, _OTHER)
    return kind in possible and text.lower().startswith(kind)


def _names_what_is_missed(run: NetworkRun, best: Minimum) -> bool:
    """Whether a collapsed run's verdict has an exception where a length is off by more than a tenth of the longest, and
    every other verdict names the first class whose mean is gone: below one per cent of a length that counts."""
    verdict, text = run.told["verdict"], run.told["verdict"]["text"]
    own, wanted = (np.sqrt(np.maximum(np.diag(gram), 0.0)) for gram in (run.gram, best.gram))
    short = _SHORT * (1 + 1e-6) * float(wanted.max())
    if verdict["kind"] == _COLLAPSED:
        return bool(verdict["exceptions"]) or float(np.abs(own - wanted).max()) <= short
    gone = np.flatnonzero((own < _GONE * (1 - 1e-6) * wanted) & (wanted > short))
    return gone.size == 0 or re.search(rf"means? of class(es)? {gone[0]}\b", text) is not None


def _certificates(runs: Examined) -> list[Figure]:
    told = Worst("distances from the minimum, as told, over the size of what is compared", tolerance=1e-7,
                 reason=f"{_DIGITS}, and the solver's outputs under cross-entropy are known to the root of its gap")
    beyond: list[float] = []
    for run, best in runs:
        distance, bounds = run.told["distance"], run.told["certificate"] or {}
        own = true_distances(run, best)
        for name, (least, most, unit) in own.items():
            if distance.get(name) is not None:
                told.add(0.0, max(0.0, least - distance[name], distance[name] - most) / unit)
            if bounds.get(name) is not None:
                beyond.append((least - bounds[name]) / unit)
        if bounds.get("probabilities") is not None:
            beyond.append((distance["probabilities"] - bounds["probabilities"]) / math.sqrt(run.counts.sum()))
    return [
        told.figure(),
        at_most("distance less the certified one, over that size", 1e-8, beyond, reason=f"a bound; {_DIGITS}"),
    ]


def _programs(runs: Examined) -> list[Figure]:
    """cvxpy on one problem of each variation."""
    primal = Worst("minimum of the convex program, of one problem of each variation", tolerance=1e-6,
                   reason="Clarabel stops at 1e-10 at best")
    seen: set[str] = set()
    for run, best in runs:
        problem = run.solvable()
        small = run.codes.size <= _PROGRAM_ENTRIES and run.problem["features"] == "linear"
        if isinstance(problem, ncsolve.UFM) and small and run.variation not in seen:
            seen.add(run.variation)
            primal.add(best.bound, solve_convex(problem, merged=True).primal)
    return [primal.figure()]
