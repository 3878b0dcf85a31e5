"""``ncsolve verify`` as a user runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

import ncsolve
from ncsolve.cli import main
from ncsolve.schemas import schema

ROOT = Path(__file__).parents[2]
DOCUMENT = schema("ncsolve.verify/1")
ENVIRONMENT = os.environ | {"COLUMNS": "100"}


def in_process(capsys, *arguments):
    """In this process: the exit status, standard output and standard error."""
    with pytest.raises(SystemExit) as ended:
        main(["verify", *arguments])
    return ended.value.code, *capsys.readouterr()


def test_chosen_claims_as_a_table_and_a_report(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "100")
    report = tmp_path / "verify.md"
    code, out, err = in_process(
        capsys, "--quick", "--only", "orthogonal-frame", "--only", "orthogonal-limit", "-j", "1", "--report",
        str(report),
    )
    assert code == 0, err
    assert err == ""
    lines = out.splitlines()
    assert lines[0].split() == ["claim", "source", "predicted", "found", "error", "verdict"]
    assert lines[2].split()[0] == "orthogonal-frame"
    assert lines[-1].startswith("2 of 2 claims agree")
    assert all(line == line.rstrip() and len(line) <= 100 for line in lines)
    assert "| why this tolerance |" in report.read_text(encoding="utf-8")


def test_json_is_nothing_but_json(capfd):
    """Neither from this process nor from the two that work: what they print would come by the same descriptors."""
    code, out, err = in_process(capfd, "--quick", "--source", "tirer2022", "--json", "--workers", "2")
    assert code == 0
    assert err == ""
    document = json.loads(out)
    jsonschema.validate(document, DOCUMENT)
    assert document["subject"] == "claims"
    assert [claim["claim"] for claim in document["claims"]] == ["orthogonal-frame", "orthogonal-limit"]
    assert document["passed"] is True
    assert document["size"] == "quick"


def test_the_list_of_claims(capsys):
    code, out, err = in_process(capsys, "--list")
    assert code == 0
    assert err == ""
    assert "transition-threshold" in out
    assert "large-bias-law" in out
    _, out, _ = in_process(capsys, "--list", "--source", "dang2023")
    assert "minority-collapse" in out
    assert "large-bias-law" not in out
    _, out, _ = in_process(capsys, "--list", "--only", "free-bias")
    assert "free-bias" in out
    assert "minority-collapse" not in out


def test_the_stable_report_is_the_same_every_time(tmp_path, capsys):
    for name in ("one.md", "two.md"):
        code, out, _ = in_process(
            capsys, "--quick", "--only", "orthogonal-limit", "-j", "1", "--stable", "--report", str(tmp_path / name)
        )
        assert code == 0
        assert f"saved {tmp_path / name}" in out
    text = (tmp_path / "one.md").read_text(encoding="utf-8")
    assert text == (tmp_path / "two.md").read_text(encoding="utf-8")
    assert " s)" not in text
    assert "| < 1e-05 |" in text


def test_an_existing_report_is_replaced_only_when_forced(tmp_path, capsys):
    report = tmp_path / "verify.md"
    report.write_text("mine")
    arguments = ("--quick", "--only", "orthogonal-limit", "-j", "1", "--report", str(report))
    assert in_process(capsys, *arguments)[0] == 2
    assert report.read_text() == "mine"
    assert in_process(capsys, *arguments, "--force")[0] == 0
    assert report.read_text().startswith("# Verification")


def test_details_show_every_figure(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "100")
    code, out, _ = in_process(capsys, "--quick", "--only", "balancedness", "-j", "1", "--details")
    assert code == 0
    assert "balancedness (zhou2022, ncsolve)" in out
    assert "descent runs not converged" in out


def test_a_problem_from_a_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "codes.csv").write_text("1,0,0,2\n0,1,-1,0.5\n0.5,0.5,2,0\n")
    lambdas = ("--lambda-w", "0.02", "--lambda-h", "0.01", "--lambda-b", "0.5")
    code, out, err = in_process(capsys, "--encoding", "codes.csv", "--counts", "3,2,1,2", *lambdas)
    assert code == 0, err
    assert "cvxpy, primal value" in out
    assert out.splitlines()[-1].startswith("agrees:")
    code, out, _ = in_process(
        capsys, "--encoding", "codes.csv", "--counts", "3,2,1,2", "--lambda-b", "inf", "--json", "--report", "one.md"
    )
    assert code == 0
    document = json.loads(out)
    jsonschema.validate(document, DOCUMENT)
    assert document["subject"] == "problem"
    assert document["passed"] is True
    assert (tmp_path / "one.md").read_text(encoding="utf-8").startswith("# Verification of a problem")


def test_a_problem_that_cannot_be_verified_exits_1(capsys):
    code, out, _ = in_process(
        capsys, "--classes", "1000000", "--per-class", "3", "--lambda-w", "1e-9", "--lambda-h", "1e-9"
    )
    assert code == 1
    assert "not verified: everything" in out
    assert out.splitlines()[-1] == "nothing was compared"


def test_a_wrong_solver_exits_1(monkeypatch, capsys):
    wrong = ncsolve.solve(ncsolve.UFM(encoding=ncsolve.encodings.onehot(3), counts=2, lambda_w=0.02, lambda_h=0.02,
                                      lambda_b=0.5))
    monkeypatch.setattr(ncsolve, "solve", lambda problem: wrong)
    code, out, _ = in_process(
        capsys, "--classes", "3", "--per-class", "2", "--lambda-w", "0.021", "--lambda-h", "0.02", "--lambda-b", "0.5"
    )
    assert code == 1
    assert "DISAGREES" in out
    assert "disagrees: loss of the best run" in out
    code, out, _ = in_process(capsys, "--quick", "--only", "orthogonal-limit", "--workers", "1")
    assert code == 1
    assert out.splitlines()[-1].startswith("0 of 1 claims agree, 1 disagree")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "free-bia"], "did you mean 'free-bias'?"),
        (["--source", "zhou"], "unknown source 'zhou'"),
        (["--only", "free-bias", "--source", "tirer2022"], "no claim is both"),
        (["--workers", "0"], "workers must be an integer of at least 1"),
        (["--workers", "two"], "--workers"),
        (["--quick", "--lambda-b", "1"], "--quick is for the claims and --lambda-b describes a problem"),
        (["--encoding", "missing.csv"], "missing.csv"),
        (["--encoding", "onehott"], "did you mean 'onehot'?"),
        (["--lambda-b", "-1"], "lambda-b"),
        (["--counts", "3,0"], "counts must be at least 1"),
        (["--report", "README.md"], "exists already"),
        (["--report", "no/such/folder.md"], "there is no folder 'no/such'"),
        (["--report", "docs"], "is a directory"),
        (["--force"], "--force is about the files"),
        (["--quick", "--stable"], "--stable is about a --report"),
        (["--stable", "--report", "new.md", "--classes", "3"], "--stable is for the claims"),
        (["--list", "--json"], "--list only prints the claims; drop --json"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(ROOT)
    code, out, err = in_process(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert len(err.splitlines()) == 1
    assert message in err


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT to a process group")
@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_leaves_the_finished_claims_in_the_report(tmp_path, workers):
    report = tmp_path / "verify.md"
    # The short one is done while, or before, the other runs for seconds.
    chosen = ["--only", "orthogonal-limit", "--only", "relu-any-codes"]
    script = (
        "import ncsolve.cli._verify, ncsolve.verify, pathlib, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # which a job in the background ignores
        "original = ncsolve.verify.run_claims\n"
        "def told(*a, on_verdict, **o):\n"
        "    def tell(verdict):\n"
        "        pathlib.Path(sys.argv.pop()).write_text('done') if sys.argv[-1].endswith('mark') else None\n"
        "        on_verdict(verdict)\n"
        "    return original(*a, on_verdict=tell, **o)\n"
        "ncsolve.verify.run_claims = told\n"
        "if __name__ == '__main__':\n"
        "    from ncsolve.cli import main\n"
        f"    main(['verify', '--quick', '--workers', '{workers}', '--report', {str(report)!r}, *{chosen}])\n"
    )
    program = tmp_path / "program.py"
    program.write_text(script)
    mark = tmp_path / "mark"
    process = subprocess.Popen(
        [sys.executable, str(program), str(mark)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=ENVIRONMENT, start_new_session=True,
    )
    begin = time.monotonic()
    while not mark.exists():
        assert time.monotonic() - begin < 120
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "NOT RUN" in out
    assert "interrupted" in out.splitlines()[-1]
    text = report.read_text(encoding="utf-8")
    assert "| agrees |" in text
    assert "| not run |" in text


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT to a process group")
@pytest.mark.parametrize("where", ["ncsolve.verify.check", "ncsolve.cli._lazy.import_module"])
def test_ctrl_c_without_claims_is_one_line(tmp_path, where):
    """While a problem is verified, and while the command is still being imported."""
    module, name = where.rsplit(".", 1)
    program, mark = tmp_path / "program.py", tmp_path / "mark"
    program.write_text(
        f"import pathlib, signal, time\nimport {module}\n"
        "from ncsolve.cli import main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def wait(*arguments, **options):\n"
        f"    pathlib.Path({str(mark)!r}).write_text('here')\n"
        "    time.sleep(60)\n"
        f"{module}.{name} = wait\n"
        "main(['verify', '--encoding', 'onehot', '--classes', '3', '--lambda-b', '0.5'])\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(program)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT,
        start_new_session=True,
    )
    begin = time.monotonic()
    while not mark.exists():
        assert time.monotonic() - begin < 60
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "ncsolve: error: interrupted\n"
    assert out == ""
