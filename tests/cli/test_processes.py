"""Threads, worker processes and signals: nothing is left behind, in this process or in others."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import threadpoolctl

import ncsolve
from ncsolve.processes.threads import single_threaded
from ncsolve.processes.workers import worker_pool

THREADS = 16
BOTTLENECK = ncsolve.UFM(
    encoding=np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0], [0.5, 0.0, 1.0]]), counts=[3, 4, 5], lambda_w=1e-2,
    lambda_h=1e-2, lambda_b=0.1, dim=1,
)


def blas_threads():
    return {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}


def set_blas_threads(number):
    """By a thread that ends: threadpoolctl leaves the number to the thread that has set it, while that one lives."""
    setter = threading.Thread(target=threadpoolctl.threadpool_limits, kwargs={"limits": number, "user_api": "blas"})
    setter.start()
    setter.join()


@pytest.fixture
def two_threads():
    """BLAS with two threads, also where the environment says one."""
    np.linalg.svd(np.eye(2))
    ncsolve.solve(BOTTLENECK)  # loads scipy, which brings a BLAS of its own
    before = max(blas_threads())
    set_blas_threads(2)
    state = blas_threads()  # a library that other tests have loaded may not follow
    assert max(state) == 2
    yield state
    set_blas_threads(before)


@pytest.mark.parametrize("last_first", [False, True])
def test_blas_threads_come_back_in_whatever_order_threads_end(last_first, two_threads):
    """If each restored what it found, the last to leave would restore what the first to enter had set."""
    entered = [threading.Event() for _ in range(THREADS)]
    leave = [threading.Event() for _ in range(THREADS)]
    inside = []

    def work(i):
        with single_threaded():
            inside.append(blas_threads())
            entered[i].set()
            leave[i].wait(30)
            if i % 2:
                raise RuntimeError("also on exceptions")

    jobs = []
    with ThreadPoolExecutor(THREADS) as pool:  # whose threads live on while others leave
        for i in range(THREADS):
            jobs.append(pool.submit(work, i))
            assert entered[i].wait(30)
        for i in reversed(range(THREADS)) if last_first else range(THREADS):
            leave[i].set()
            assert isinstance(jobs[i].exception(30), RuntimeError if i % 2 else type(None))
        assert blas_threads() == two_threads
    assert inside == [{1}] * THREADS


def test_solves_in_several_threads_leave_blas_alone(two_threads):
    with ThreadPoolExecutor(4) as pool:
        losses = set(pool.map(lambda _: round(ncsolve.solve(BOTTLENECK).loss, 12), range(4)))
    assert len(losses) == 1
    assert blas_threads() == two_threads


POOL = """
import os, sys, time
from ncsolve.processes.workers import worker_pool
from ncsolve.cli._signals import orderly_end
if __name__ == "__main__":
    with orderly_end(), worker_pool(2) as pool:
        jobs = [pool.submit(time.sleep, 60) for _ in range(2)]
        print(*(process.pid for process in pool._processes.values()), flush=True)
        jobs[0].result()
"""
FULL = POOL.replace("sleep, 60) for _ in range(2)", "sleep, Late(60)) for _ in range(9)").replace("if __name__", """
class Late(float):  # more than a pipe holds
    def __reduce__(self):
        return Late.of, (60.0, bytes(1 << 20))
    def of(number, text):
        return Late(number)
if __name__""")
ELSEWHERE = POOL.replace("flush=True)\n", """flush=True)
        import signal, threading
        other = next(one for one in threading.enumerate() if one is not threading.main_thread())
        threading.Timer(1.0, signal.pthread_kill, (other.ident, signal.SIGTERM)).start()
""")
INTERRUPTED = """
import signal, threading, time
from ncsolve.cli._signals import orderly_end
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
with orderly_end():
    other = threading.Thread(target=time.sleep, args=(60,), daemon=True)
    other.start()
    threading.Timer(0.5, signal.pthread_kill, (other.ident, signal.SIGINT)).start()
    print(flush=True)
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""
WRITE = """
import sys, time
from ncsolve._files.write_whole import write_whole
from ncsolve.cli._signals import orderly_end
def write(stream):
    stream.write(b"half")
    print("here", flush=True)
    time.sleep(60)
if __name__ == "__main__":
    with orderly_end():
        write_whole("whole.txt", write)
"""


def start(folder, program):
    (folder / "program.py").write_text(program)
    process = subprocess.Popen(
        [sys.executable, "program.py"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=folder,
    )
    return process, process.stdout.readline().split()


def running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def ends(number, code, process):
    process.send_signal(number)
    assert process.wait(30) == code
    process.stdout.close()


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_ctrl_c_is_heard_where_the_main_thread_sleeps_on(tmp_path):
    """Another thread takes it here; one that comes just before the main thread begins to sleep is as silent."""
    program = tmp_path / "program.py"
    program.write_text(INTERRUPTED)
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.split() == ["True"]


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_a_signal_that_another_thread_takes_ends_the_program(tmp_path):
    """The main thread, which alone runs Python's handlers, waits for a lock and would not hear of it."""
    process, pids = start(tmp_path, ELSEWHERE)
    assert len(pids) == 2
    assert process.wait(20) == 143
    process.stdout.close()


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks at processes through /proc")
@pytest.mark.parametrize(("number", "code", "program"), [
    (signal.SIGTERM, 143, POOL), (signal.SIGHUP, 129, POOL), (signal.SIGKILL, -9, POOL), (signal.SIGTERM, 143, FULL),
])
def test_workers_die_with_their_parent(number, code, program, tmp_path):
    """Also while more work waits than fits into the pipe to them."""
    process, pids = start(tmp_path, program)
    if program is FULL:
        time.sleep(1.0)  # until they have begun, and the pipe is full
    assert len(pids) == 2
    assert all(running(pid) for pid in pids)
    ends(number, code, process)
    deadline = time.monotonic() + 30
    while any(running(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_no_half_file_stays_behind(number, code, tmp_path):
    process, _ = start(tmp_path, WRITE)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".part", ".py"]
    ends(number, code, process)
    assert [path.name for path in tmp_path.iterdir()] == ["program.py"]


LOCKED = """
import threading, time
from ncsolve.cli import _signals
_signals._PATIENCE = 0.2
with _signals.orderly_end():
    lock = threading.Lock()
    lock.acquire()
    threading.Thread(target=lock.acquire).start()  # which the interpreter waits for at its end
    print("here", flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_a_thread_that_waits_for_ever_does_not_keep_the_command(tmp_path):
    process, _ = start(tmp_path, LOCKED)
    ends(signal.SIGTERM, 143, process)


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_a_hangup_that_is_ignored_stays_ignored(tmp_path):
    """As under nohup."""
    ignore = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    process, _ = start(tmp_path, ignore + WRITE.replace("time.sleep(60)", "time.sleep(1)"))
    process.send_signal(signal.SIGHUP)
    assert process.wait(30) == 0
    process.stdout.close()
    assert (tmp_path / "whole.txt").read_bytes() == b"half"


def test_a_worker_that_dies_alone_is_one_line():
    with pytest.raises(ncsolve.NCSolveError, match="worker process died"), worker_pool(1) as pool:
        pool.submit(os._exit, 3).result()
