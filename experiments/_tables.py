"""The generated blocks of docs/networks.md: every number of the page comes from the table of runs."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments._numbers import UNKNOWN, cosine, difference, percent, setting, short
from experiments._shown import SHOWN
from experiments._summary import FAILED, Facts, Row, known, largest, points_of

__all__ = ["BLOCKS", "blank_page", "write_page"]

Array = NDArray[np.float64]
Table = dict[str, Any]

COLLAPSED = "collapsed as predicted"
_BLOCK = re.compile(r"(<!-- networks: ([\w-]+) -->\n).*?(<!-- /networks -->)", re.S)
# Names of the parts of a gap, in words of the page.
_PARTS = {"fit": "fit", "bias": "bias", "dual": "NC3", "feature": "feature", "within": "within (NC1)"}


def write_page(table: Table, page_text: str) -> str:
    """The page with each block between ``<!-- networks: NAME -->`` and ``<!-- /networks -->`` made anew.

    Raises ValueError for a name that is no block's.
    """
    def made(match: re.Match[str]) -> str:
        start, name, end = match.groups()
        if name not in BLOCKS:
            raise ValueError(f"no block of the page is called {name!r}; there are {', '.join(BLOCKS)}")
        return f"{start}\n{BLOCKS[name](table).strip()}\n\n{end}"

    return _BLOCK.sub(made, page_text)


def blank_page(name: str) -> str:
    """A page of all blocks without a word between them, for a suite that has no page yet."""
    blocks = (f"<!-- networks: {block} -->\n<!-- /networks -->\n" for block in BLOCKS)
    return "\n".join((f"# {name}\n", *blocks))


def overview(table: Table) -> str:
    """What all runs say together, in sentences."""
    rows = [row for own in points_of(table).values() for row in own]
    facts = [fact for row in rows for fact in row.facts]
    measured = [fact for fact in facts if fact.verdict != FAILED]
    planned = sum(one["runs"] for one in table["variations"])
    wholly = [fact for fact in measured if fact.told == COLLAPSED]
    gaps = known(fact.gap for fact in measured)
    ratios = known(fact.certified / fact.distance for fact in measured if fact.distance > 0)
    apart = largest(fact.apart for fact in wholly)
    lines = [
        f"{len(facts)} of {planned} planned runs are in the table; {len(measured)} were measured"
        f"{f' and {len(facts) - len(measured)} failed' if len(facts) > len(measured) else ''}. "
        f"{len(wholly)} of them collapsed as predicted, every class mean of theirs"
        f"{f', with cosines that differ from the exact ones by at most {difference(apart)}' if wholly else ''}"
        f"{'' if len(wholly) == len(facts) else '; [the others](#runs-that-did-not-arrive) are named'}."
    ]
    if gaps.size:
        below = int((gaps < 0).sum())
        lines.append(
            f"{_of_all(below, 'loss is below the minimum', 'losses are below the minimum')}; half of the gaps are "
            f"under {percent(_median(gaps))} of the minimum."
        )
    if ratios.size:
        broken = int((ratios < 1).sum())
        lines.append(
            f"For {ratios.size} runs the loss bounds how far the frame can be from the predicted one: "
            f"{_of_all(broken, 'bound is', 'bounds are').lower()} less than the true distance, and half of them are "
            f"at most {short(_median(ratios))} times it."
        )
    return " ".join(lines)


def summary(table: Table) -> str:
    """One row a variation."""
    points = points_of(table)
    rows = []
    for one in table["variations"]:
        own = points.get(one["name"], ())
        facts = [fact for row in own for fact in row.facts]
        runs = str(one["runs"]) if one["done"] == one["runs"] else f"{one['done']} of {one['runs']}"
        if not facts:
            rows.append((one["title"], runs, "not run", "", "", "", ""))
            continue
        gaps = known(fact.gap for fact in facts)
        rows.append((
            one["title"], runs, difference(largest(row.off for row in own)),
            difference(largest(row.apart for row in own)), percent(_median(gaps)), percent(largest(gaps)),
            _verdicts(facts),
        ))
    head = ("variation", "runs", "mean cosine off by at most", "any cosine off by at most", "median gap",
            "largest gap", "verdicts")
    return _markdown(head, rows)


def variations(table: Table) -> str:
    """A table for each variation: a row for each lambda_b, or for each t where that varies."""
    points, blocks = points_of(table), []
    for one in table["variations"]:
        own = points.get(one["name"])
        title = f"### {one['title'][0].upper()}{one['title'][1:]}\n\n`{one['name']}`"
        done = "not run" if own is None else f"{one['done']} of {one['runs']} runs"
        blocks.append(f"{title}: {done}.")
        if own is not None:
            blocks.append(_variation(own))
    return "\n\n".join(blocks)


def _variation(rows: Sequence[Row]) -> str:
    over_t = len({row.threshold for row in rows}) > 1
    lines = []
    for row in rows:
        gaps = row.gaps
        lines.append((
            setting(row.threshold) if over_t else setting(row.lambda_b),
            f"{cosine(row.cosine)}{'' if math.isnan(row.half) else f' ± {difference(row.half)}'}",
            cosine(row.predicted), difference(row.off),
            difference(row.apart), f"{percent(_median(gaps))}, {percent(largest(gaps))}",
            _shares(row.shares), f"{percent(largest(fact.certified for fact in row.facts))}, "
            f"{percent(largest(fact.distance for fact in row.facts))}",
            _verdicts(row.facts),
        ))
    head = ("$t$" if over_t else r"$\lambda_b$", "mean cosine", "predicted", "off by", "any pair", "gap: median, max",
            "of it", "distance: bound, true", "verdicts")
    return _markdown(head, lines)


def exceptions(table: Table) -> str:
    """Every run that failed or did not wholly collapse as predicted, with the words of its verdict."""
    lines = []
    for name, rows in points_of(table).items():
        for row in rows:
            for told in sorted({fact.told for fact in row.facts} - {COLLAPSED}):
                own = [fact for fact in row.facts if fact.told == told]
                worst = max(own, key=lambda fact: (not math.isnan(fact.gap), fact.gap))
                lines.append((
                    f"`{name}`", setting(row.lambda_b), setting(row.threshold),
                    ", ".join(str(fact.seed) for fact in own), told, worst.words,
                ))
    if not lines:
        return "There is none: all runs collapsed as predicted."
    return _markdown(("variation", r"$\lambda_b$", "$t$", "seeds", "verdict", "in words, of the largest gap"), lines)


def minority(table: Table) -> str:
    """Whether the smaller classes are as long as predicted, for each imbalanced design."""
    points, lines = points_of(table), []
    titles = {one["name"]: one["title"] for one in table["variations"]}
    for name in SHOWN["minority"].titles:
        facts = [fact for row in points.get(name, ()) for fact in row.facts]
        if name in titles and facts:
            kept = sum(fact.told == COLLAPSED for fact in facts)
            lines.append((
                titles[name], _range(fact.predicted_smaller for fact in facts), _range(fact.smaller for fact in facts),
                f"{kept} of {len(facts)}",
            ))
    if not lines:
        return "No run of such a variation was made yet."
    head = ("variation", "smaller over larger, predicted", "measured", "runs with all means as predicted")
    return _markdown(head, lines)


def machines(table: Table) -> str:
    """Where the runs were made, and with what."""
    counts = Counter(record["machine"] for record in table["runs"])
    seconds: Counter[int] = Counter()
    for record in table["runs"]:
        seconds[record["machine"]] += record["seconds"]
    lines = [
        (
            one["device"], str(one["cores"]), f"{one['system']}, Python {one['python']}",
            ", ".join(f"{name} {version}" for name, version in one["versions"].items()),
            str(counts[i]), f"{seconds[i] / 3600:.1f}",
        )
        for i, one in enumerate(table["machines"])
    ]
    return _markdown(("device", "cores", "system", "versions", "runs", "hours of runs"), lines)


def missing(table: Table) -> str:
    """What was planned and not run."""
    left = [one for one in table["variations"] if one["done"] < one["runs"]]
    if not left:
        return "Everything that the suite names was run."
    return "\n".join([
        "Of the suite were not run:", "",
        *(f"- {one['title']} (`{one['name']}`): {one['runs'] - one['done']} of {one['runs']} runs" for one in left),
    ])


def figure(table: Table, name: str) -> str:
    """The picture, if there is a measured run that it shows."""
    shown, points = SHOWN[name], points_of(table)
    rows = [row for one in shown.titles or points for row in points.get(one, ())]
    if all(fact.verdict == FAILED for row in rows for fact in row.facts):
        return "No run of this figure was made yet."
    return f"![{shown.text}](figures/networks_{name}.svg)"


BLOCKS: dict[str, Callable[[Table], str]] = {
    "overview": overview, "summary": summary, "variations": variations, "exceptions": exceptions,
    "minority": minority, "machines": machines, "missing": missing,
    **{f"figure-{name}": partial(figure, name=name) for name in SHOWN},
}


def _median(values: Array) -> float:
    return float(np.median(values)) if values.size else math.nan


def _range(values: Iterable[float]) -> str:
    real = known(values)
    return f"{real.min():.2f} to {real.max():.2f}" if real.size else UNKNOWN


def _of_all(count: int, one: str, many: str) -> str:
    return f"No {one}" if count == 0 else f"{count} {one if count == 1 else many}"


def _verdicts(facts: Iterable[Facts]) -> str:
    counts = Counter(fact.told for fact in facts)
    return ", ".join(f"{times} {verdict}" for verdict, times in sorted(counts.items(), key=lambda one: -one[1]))


def _shares(found: dict[str, float]) -> str:
    """The parts that are a twentieth of the gap or more; what varies within the classes is in fit and feature."""
    return ", ".join(f"{_PARTS[name]} {percent(share)}" for name, share in found.items() if share >= 0.05)


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
