"""A trajectory: the network measured again and again while it trains, in a file that is always whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ncsolve._measure.measure import measure_again
from ncsolve._measure.measurement import Measurement
from ncsolve.checks.arguments import check_kind, check_whole
from ncsolve.encodings import Encoding
from ncsolve.errors import ProblemError, shown
from ncsolve.torch._batches import Unpack
from ncsolve.torch._measured import codes_of, measured
from ncsolve.torch._probe import Probe
from ncsolve.torch._trajectory import (
    COLUMNS,
    check_settings,
    check_trajectory_output,
    columns_of,
    read_trajectory,
    record_of,
    settings_of,
    write_trajectory,
)

__all__ = ["Recorder"]

# One state has one loss but for rounding, that of half precision on another device included.
_SAME_STATE = 1e-2


class Recorder:
    r"""Measurements of a network along its training, kept in a .npz file.

    The state at the beginning is measured at once, so that a mistake in the options is told before the training, and
    then every state whose step is a multiple of ``every``.  After each of them the file is up to date; it is replaced
    in one step, so that whatever ends the training leaves all that was recorded.  The training goes on as if nobody had
    looked: weights come out the same to the last bit.

    Parameters
    ----------
    probe : Probe
        Of the network that trains.
    loader : iterable of batches
        As of ``Probe.measure``; it is read at each record.  With several processes record in one of them.
    path : path
        A file that ends in .npz.
    lambda_w, lambda_h, lambda_b
        As of ``Probe.measure``.  The minimum is solved for once; with an estimated lambda_h ("balance" or "norm") at
        each record.
    encoding, features, loss, convention, classes, seed, scatter, bn, unpack, ignore_index, samples
        As of ``Probe.measure``.
    gap_tolerance, stationarity_tolerance
        As of ``Probe.measure``.
    every : int
        Steps from one record to the next; the whole file is written at each, so that some thousand records are enough.
    start : int, optional
        The step at which the network is now: 0, or on a file that is resumed the last recorded one.
    resume : bool
        Go on from the file, if there is one.  It must be of the same problem and settings.  Where it has records after
        ``start``, of a training that went on beyond the checkpoint, it is refused unless ``force`` is set.
    force : bool
        Allow that records are lost: those of a file that exists, or with ``resume`` those after ``start``.

    Raises
    ------
    ProblemError
        As ``Probe.measure``, at the beginning and at each record; for a file of other settings, and for a network that
        is not in the state of the recorded step.
    FileError
        For a file that exists without ``resume``, that is no trajectory, or that cannot be written.

    Notes
    -----
    The arrays of the file, which ``numpy.load`` reads, have an entry a record: ``step``; ``loss``, ``minimum``, ``gap``
    and ``relative_gap``; the parts of the gap ``fit``, ``bias``, ``dual``, ``feature`` and ``within``;
    ``stationarity``; ``mean_cosine``, ``min_cosine`` and ``max_cosine`` of the class means beside
    ``predicted_mean_cosine``; ``nc1``, ``nc2_simplex``, ``nc2_orthogonal``, ``nc3``, ``cdnv``, ``accuracy``; and
    ``lambda_h``.  They are those of a ``Measurement``, in the convention of the paper, and NaN where it has none.
    ``settings`` is a JSON text, and ``format`` names the format.

    Source: T13 to T16 of docs/theory.md.

    Examples
    --------
    >>> import tempfile, torch
    >>> from pathlib import Path
    >>> from ncsolve.torch import Probe, Recorder
    >>> _ = torch.manual_seed(0)
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Linear(8, 3))
    >>> x, y = torch.randn(6, 4), torch.tensor([0, 0, 1, 1, 2, 2])
    >>> folder = tempfile.TemporaryDirectory()
    >>> recorder = Recorder(Probe(model), [(x, y)], Path(folder.name, "run.npz"), every=2, lambda_w=1e-2, lambda_h=1e-2,
    ...                     lambda_b=0.1)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> for _ in range(5):
    ...     loss = ((model(x) - torch.eye(3)[y]) ** 2).mean()
    ...     loss.backward()
    ...     optimizer.step()
    ...     measurement = recorder.step()
    >>> Recorder.load(recorder.path)["step"]
    array([0, 2, 4])
    >>> folder.cleanup()
    """

    def __init__(
        self, probe: Probe, loader: Any, path: str | Path, *, lambda_w: float, lambda_h: float | str,
        lambda_b: float | None = None, every: int = 1, start: int | None = None, resume: bool = False,
        force: bool = False, encoding: str | Encoding | ArrayLike = "onehot", features: str = "linear",
        loss: str = "mse", convention: str = "paper", classes: int | None = None, scatter: str = "full",
        bn: str = "eval", unpack: Unpack | None = None, ignore_index: int | None = None, samples: int | None = None,
        seed: int = 0, gap_tolerance: float = 1e-2, stationarity_tolerance: float = 1e-2,
    ) -> None:
        self._probe = check_kind("the probe", probe, Probe, "make it with Probe(model)")
        if self._probe.hidden is not None:
            raise ProblemError(
                f"a trajectory is of the features that the head sees; got a probe with tail={shown(self._probe.tail)}, "
                "record with Probe(model)"
            )
        if hasattr(loader, "__next__"):
            raise ProblemError(
                f"the loader is read at each record; got {shown(loader)}, which can be read once: pass a DataLoader "
                "or a list of batches"
            )
        self._loader = loader
        self.every = check_whole("every", every)
        # absolute: the training may change its folder
        self.path = check_trajectory_output(path, force=force or resume).absolute()
        self._table, known = np.empty((len(COLUMNS), 0)), None
        if resume and self.path.exists():
            self._table, known = read_trajectory(self.path)
        last = int(self._table[0].max(initial=0))
        self.steps = last if start is None else check_whole("start", start, 0)
        self._write_over = force or known is not None
        self._codes = codes_of(encoding, self._probe.head.out_features, classes, seed)
        self._gathered: dict[str, Any] = {
            "encoding": self._codes, "loss": loss, "scatter": scatter, "bn": bn, "unpack": unpack,
            "ignore_index": ignore_index, "samples": samples,
        }
        self._options: dict[str, Any] = {
            "lambda_w": lambda_w, "lambda_h": lambda_h, "lambda_b": lambda_b, "features": features,
            "convention": convention, "samples": samples, "gap_tolerance": gap_tolerance,
            "stationarity_tolerance": stationarity_tolerance,
        }
        self._known: Measurement | None = None
        found = self._look()
        self._settings = settings_of(
            found, self._codes, {"lambda_w": lambda_w, "lambda_h": lambda_h, "lambda_b": lambda_b},
            convention=convention, samples=samples, bn=bn, head=probe.head_name, every=self.every,
        )
        if known is not None:
            check_settings(self.path, known, self._settings)
            dropped, there = self._go_back(force=force), self._already(found)
        else:
            dropped = there = False
        if not there and (not self._table.size or self.steps % self.every == 0):
            self._keep(found)
        elif dropped:
            self._write()

    def step(self) -> Measurement | None:
        """Count a step of the training, or an epoch; the measurement that is then recorded, if it is the turn of one.

        Raises ProblemError as ``Probe.measure`` (for a training that has diverged, too), and FileError where the file
        cannot be written; what was recorded before stays.
        """
        self.steps += 1
        if self.steps % self.every:
            return None
        found = self._look()
        self._keep(found)
        return found

    @property
    def records(self) -> dict[str, NDArray[Any]]:
        """The arrays of the file by name, with an entry a record."""
        return columns_of(self._table)

    @staticmethod
    def load(path: str | Path) -> dict[str, NDArray[Any]]:
        """The arrays of a file that a recorder wrote, by name.  Raises FileError for any other file."""
        return columns_of(read_trajectory(path)[0])

    def __repr__(self) -> str:
        return f"Recorder({str(self.path)!r}, every={self.every}, steps={self.steps}, records={self._table.shape[1]})"

    def _look(self) -> Measurement:
        statistics = self._probe.statistics(self._loader, **self._gathered)
        known = self._known
        if known is not None and not np.array_equal(statistics.counts, known.head.statistics.counts):
            raise ProblemError(
                "the loader must give the same samples at each record; got classes of "
                f"{shown(known.head.statistics.counts.tolist())} and then of {shown(statistics.counts.tolist())}, "
                "record over the whole training set"
            )
        if known is None or known.estimator is not None:
            found = measured(statistics, self._probe.head, self._codes, **self._options)
        else:
            assert statistics.head is not None
            found = measure_again(known, statistics, *statistics.head)
        self._known = found
        return found

    def _keep(self, found: Measurement) -> None:
        # before it is written: what a full disk refuses is in the next file
        self._table = np.column_stack((self._table, record_of(self.steps, found)))
        self._write()

    def _write(self) -> None:
        write_trajectory(self.path, self._table, self._settings, force=self._write_over)
        self._write_over = True

    def _go_back(self, *, force: bool) -> bool:
        """Drop the records after the step at which the network is; whether there were any."""
        later = self._table[0] > self.steps
        if later.any() and not force:
            raise ProblemError(
                f"records after step {self.steps} would be made twice; {self.path} has {int(later.sum())} of them, to "
                f"step {int(self._table[0, -1])}: pass force=True to drop them, or record to another file"
            )
        self._table = self._table[:, ~later]
        return bool(later.any())

    def _already(self, found: Measurement) -> bool:
        """Whether this step is the last record.  Raises ProblemError if it is, of another state of the network."""
        if not self._table.size or self._table[0, -1] != self.steps:
            return False
        loss = float(self._table[COLUMNS.index("loss"), -1])
        if abs(found.loss - loss) > _SAME_STATE * loss:
            raise ProblemError(
                f"the network must be in the state of step {self.steps}, whose loss was {loss:.6g}; got one with the "
                f"loss {found.loss:.6g}: load the checkpoint of this step, or pass the step of the one that was loaded "
                "as start"
            )
        return True

