"""A run that takes no time, for what only keeps runs."""

import os
import signal
import time

from experiments._run import Run

MACHINE = {"device": "none", "cores": 1, "system": "none", "python": "3", "versions": {}}


def record(run: Run):
    measured = {"relative_gap": run.seed * 1e-3, "verdict": {"kind": "collapsed as predicted"}, "gram": [[1.0]],
                "predicted": {"gram": [[1.0]]}, "loss": 1.0, "minimum": 1.0}
    return {"key": run.key, "run": run.to_json(), "outcome": "measured", "failure": None, "measured": measured,
            "problem": {"codes": [[1.0]]}, "network": {"class_outputs": [[1.0]]}, "seconds": 0.0, "machine": MACHINE}


def no_gap(run: Run):
    found = record(run)
    return found | {"measured": found["measured"] | {"relative_gap": None}}


def slow(run: Run):
    time.sleep(0.1)
    return record(run)


def broken(run: Run):
    if run.seed == 3:
        raise ZeroDivisionError("a fault of the program")
    return record(run)


def killed(run: Run):
    """The fourth run ends the program that waits for it, as a machine that is switched off does."""
    if run.seed == 3:
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(30)
    return record(run)
