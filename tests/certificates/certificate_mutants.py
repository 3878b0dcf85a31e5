"""Tampering with the text of a certificate."""

import json
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import numpy as np

from ncsolve.certificates import checker, cross_entropy_checker, relu_checker

__all__ = ["at", "by_a_millionth", "change", "damaged", "places", "scaled", "verdict"]

_ENTROPY = Path(cross_entropy_checker.__file__).read_text(encoding="utf-8")


def verdict(entries):
    """True if accepted, else the reason for which it is refused."""
    data = json.dumps(entries).encode()
    entropy = entries.get("schema") == cross_entropy_checker.ENTROPY
    try:
        (cross_entropy_checker.check_entropy if entropy else relu_checker.check_either)(data)
    except (checker.Refuted, checker.Malformed) as error:
        return str(error)
    return True


def places(value, path=()):
    """Paths of all numbers of an entry, as (index, ...)."""
    if isinstance(value, list):
        return [place for i, part in enumerate(value) for place in places(part, (*path, i))]
    return [path]


def change(entry, path, new):
    """The entry with the number at a path replaced by new(old)."""
    if not path:
        return new(entry)
    return [change(part, path[1:], new) if i == path[0] else part for i, part in enumerate(entry)]


def scaled(factor):
    return lambda text: text if text == "inf" else str(Fraction(text) * factor)


def at(entry, path):
    """The number at a path."""
    for i in path:
        entry = entry[i]
    return entry


def by_a_millionth(original, keys, some, still_true):
    """Change numbers of each key (``some`` of them, or all) by a relative 1e-6; how many are refused, and accepted.

    What is accepted must be ``still_true(key, mutant)``: other evidence may prove the same claims, and another claim,
    about another problem, may be true.
    """
    rng = np.random.default_rng(0)
    refused = accepted = 0
    for key in keys:
        numbers = [path for path in places(original[key]) if at(original[key], path) not in ("0", "inf")]
        if some is not None and len(numbers) > some:
            numbers = [numbers[i] for i in rng.choice(len(numbers), some, replace=False)]
        for path in numbers:
            for factor in (1 + Fraction(1, 10**6), 1 - Fraction(1, 10**6)):
                mutant = original | {key: change(original[key], path, scaled(factor))}
                if verdict(mutant) is True:
                    accepted += 1
                    assert still_true(key, mutant), (key, path, factor)
                else:
                    refused += 1
    return refused, accepted


def damaged(old, new):
    """The checker under cross-entropy with one change of its text."""
    assert _ENTROPY.count(old) == 1, old
    module = ModuleType("damaged")
    exec(compile(_ENTROPY.replace(old, new), "damaged", "exec"), module.__dict__)
    return module
