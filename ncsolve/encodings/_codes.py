"""Encodings from coding theory and from ordinal and random targets."""

from __future__ import annotations

import math

import numpy as np

from ncsolve.checks.arguments import check_classes, is_whole
from ncsolve.encodings._base import ArrayEncoding, check_size, from_array
from ncsolve.errors import EncodingError, shown

__all__ = ["binary", "ecoc", "gaussian", "hadamard", "ordinal", "thermometer"]


def hadamard(classes: int) -> ArrayEncoding:
    """Hadamard codes, the columns of Sylvester's K x K matrix of +-1; K must be a power of two.

    Raises EncodingError for another K, naming the nearest ones that work.

    >>> hadamard(2).matrix
    array([[ 1.,  1.],
           [ 1., -1.]])
    """
    k = check_classes(classes)
    if k & (k - 1):
        below = 1 << (k.bit_length() - 1)
        raise EncodingError(
            f"Hadamard codes need a number of classes that is a power of two; got {k}, use {below} or {2 * below}"
        )
    check_size(k, k)
    from scipy.linalg import hadamard as sylvester

    return from_array(sylvester(k), name="hadamard")


def binary(classes: int) -> ArrayEncoding:
    """Binary codes, the digits 0/1 of the class number: m = ceil(log2 K), most significant digit first.

    Raises EncodingError for fewer than 1 class.  Source: Dietterich & Bakiri 1995.

    >>> binary(4).matrix
    array([[0., 0., 1., 1.],
           [0., 1., 0., 1.]])
    """
    k = check_classes(classes)
    length = max(1, (k - 1).bit_length())
    digits = (np.arange(k) >> np.arange(length - 1, -1, -1)[:, None]) & 1
    return from_array(digits, name="binary")


def thermometer(classes: int) -> ArrayEncoding:
    """Thermometer (cumulative) codes for ordered classes: class k has k ones and then zeros; m = K - 1, K >= 2.

    Raises EncodingError for fewer classes, or codes of more than a gigabyte.  Source: Frank & Hall 2001.

    >>> thermometer(3).matrix
    array([[0., 1., 1.],
           [0., 0., 1.]])
    """
    k = check_classes(classes, least=2)
    check_size(k - 1, k)
    return from_array(np.arange(k) > np.arange(k - 1)[:, None], name="thermometer")


def ordinal(classes: int) -> ArrayEncoding:
    """Ordinal codes, the class number 0 .. K-1 itself (m = 1), as in regression on grades.

    Raises EncodingError for fewer than 1 class.

    >>> ordinal(3).matrix
    array([[0., 1., 2.]])
    """
    return from_array(np.arange(check_classes(classes))[None, :], name="ordinal")


def ecoc(classes: int, length: int | None = None, seed: int = 0) -> ArrayEncoding:
    """Dense random error-correcting output codes: independent +-1 entries, distinct codes (Allwein et al. 2000).

    ``length`` defaults to ceil(10 log2 K), as there.  Raises EncodingError where 2^length < classes.

    >>> sorted(set(ecoc(4, 6, seed=1).matrix.ravel().tolist()))
    [-1.0, 1.0]
    """
    k = check_classes(classes)
    m = max(1, math.ceil(10 * math.log2(k))) if length is None else _check_length(length)
    if m < 63 and 2**m < k:
        raise EncodingError(
            f"codes of length {m} take only {2**m} values of +-1, fewer than {k} classes; "
            f"use a length of at least {(k - 1).bit_length()}"
        )
    check_size(m, k)
    rng = _generator(seed)
    if m <= 20:  # few enough words to draw without repetition
        words = rng.choice(2**m, size=k, replace=False)
        bits = (words >> np.arange(m)[:, None]) & 1
    else:
        bits = rng.integers(0, 2, size=(m, k))
        while np.unique(bits, axis=1).shape[1] < k:
            bits = rng.integers(0, 2, size=(m, k))
    return from_array(2.0 * bits - 1.0, name=f"ecoc:{m}")


def gaussian(classes: int, length: int | None = None, seed: int = 0) -> ArrayEncoding:
    """Random codes with independent normal entries of variance 1/length, so of length about one.

    ``length`` defaults to K.  Raises EncodingError for a length below 1, a seed that is not a non-negative integer, or
    codes of more than a gigabyte.

    >>> gaussian(3, 5, seed=1).matrix.shape
    (5, 3)
    """
    k = check_classes(classes)
    m = k if length is None else _check_length(length)
    check_size(m, k)
    return from_array(_generator(seed).standard_normal((m, k)) / math.sqrt(m), name=f"gaussian:{m}")


def _check_length(length: int) -> int:
    if not is_whole(length, 1):
        raise EncodingError(f"the code length must be an integer of at least 1; got {shown(length)}")
    return int(length)


def _generator(seed: int) -> np.random.Generator:
    if not is_whole(seed, 0):
        raise EncodingError(f"the seed must be a non-negative integer; got {shown(seed)}")
    return np.random.default_rng(int(seed))
