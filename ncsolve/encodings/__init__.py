"""Label encodings: the codes e_k of the classes, as columns of E (m, K).

Stands on ``checks`` and the readers of ``_files``; knows no counts and no theorem.  Codes a I + q J, which T5 is about,
are in ``_affine.py``, others in ``_codes.py``, and ``_registry.py`` has their names.

>>> from ncsolve import encodings
>>> encodings.make("ecoc:15", classes=10, seed=1).matrix.shape
(15, 10)
"""

from ncsolve.encodings._affine import affine, onehot, signed, simplex, smoothed
from ncsolve.encodings._base import AffineOneHot, ArrayEncoding, Encoding, from_array
from ncsolve.encodings._codes import binary, ecoc, gaussian, hadamard, ordinal, thermometer
from ncsolve.encodings._files import from_file
from ncsolve.encodings._registry import EncodingEntry, get, make, names, register

__all__ = [
    "AffineOneHot",
    "ArrayEncoding",
    "Encoding",
    "EncodingEntry",
    "affine",
    "binary",
    "ecoc",
    "from_array",
    "from_file",
    "gaussian",
    "get",
    "hadamard",
    "make",
    "names",
    "onehot",
    "ordinal",
    "register",
    "signed",
    "simplex",
    "smoothed",
    "thermometer",
]
