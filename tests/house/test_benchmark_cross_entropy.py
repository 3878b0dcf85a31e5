"""The code of the benchmark on cross-entropy: the problems of a row are the same to both, and its losses are losses."""

import math

import numpy as np
import pytest

import ncsolve
from benchmarks import _cross_entropy_rivals as rivals
from benchmarks import cross_entropy as benchmark
from ncsolve import encodings

OTHERS = """\
import a_module_that_nobody_has


def solve_cvx(n_list, l, l_2, K):
    Z, b = cp.Variable((K, K)), cp.Variable((K, 1))
    o = Z + b @ np.ones((1, K))
    fit = (cp.log_sum_exp(o, axis=0) - cp.diag(o)) @ np.array(n_list) / sum(n_list)
    ridge = l_2 * cp.sum_squares(b) {more}
    cp.Problem(cp.Minimize(fit + l * cp.normNuc(Z @ np.diag(np.sqrt(n_list))) + ridge)).solve()
    return Z.value, b.value[:, 0]
"""


def numbers(row, *columns):
    return [float(row[column].split()[0]) for column in columns]


def test_the_loss_of_outputs_is_that_of_their_factors():
    problem = benchmark.soft_labels(4, 5, 1e-3, 0.3)
    found = ncsolve.solve(problem)
    assert rivals.loss_of(problem, found.W @ found.class_means, found.bias) == pytest.approx(found.loss, rel=1e-13)


@pytest.mark.parametrize("lambda_b", [0.0, 0.3, math.inf])
@pytest.mark.parametrize("make", [
    lambda lambda_b: benchmark.different_counts(4, 1e-3, lambda_b),
    lambda lambda_b: benchmark.soft_labels(3, 4, 1e-3, lambda_b),
])
def test_cvxpy_solves_the_same_problem(make, lambda_b):
    problem = make(lambda_b)
    answer = rivals.convex(problem, *benchmark.RIVALS["SCS (eps 1e-9)"])
    assert answer.status == "optimal"
    assert answer.loss == pytest.approx(ncsolve.solve(problem).loss, rel=1e-8)
    assert 0 < answer.solving < answer.seconds


def test_a_solver_that_is_stopped_is_said_to_be():
    problem = benchmark.different_counts(4, 1e-3, 0.1)
    answer = rivals.convex(problem, "SCS", {"max_iters": 3})
    assert answer.status != "optimal"
    assert answer.loss is None or benchmark.gap(ncsolve.solve(problem), answer.loss) > 1e-6


def test_counts_are_what_the_names_say():
    assert len(set(benchmark.different_counts(100, 1e-3, 0.0).counts)) == 100
    few = benchmark.few_counts(1000, 10, 1e-6, 0.0)
    assert (few.classes, len(set(few.counts))) == (1000, 10)
    assert benchmark.few_counts(100, 1000, 1e-4, 0.1, code="smoothed:0.1").encoding == encodings.smoothed(100, 0.1)


def test_every_row_has_a_gap_and_the_last_one_is_over_all():
    *rows, last = list(benchmark.random_counts(classes=6, seeds=2))
    assert len(rows) == len(benchmark.LAMBDAS) * len(benchmark.BIASES)
    assert max(numbers(row, 5)[0] for row in rows) == numbers(last, 5)[0] <= 1e-9
    rows = list(benchmark.other_problems(scale=10))
    assert max(numbers(row, 5)[0] for row in rows) <= 1e-9
    assert {row[0] for row in rows} >= {"one-hot, K = 1000, 50 distinct counts", "soft labels, 2 outputs, 10 labels"}
    assert [row[0] for row in benchmark.balanced(sizes=(2, 50), rounds=3)] == ["2", "50"]


def test_a_race_shows_the_gap_of_all_and_solvers_that_fail(monkeypatch):
    import cvxpy

    def fail(*_, **__):
        raise cvxpy.error.SolverError("no solution")

    rows = list(benchmark.against_cvxpy([(3, 1e-3, ("Clarabel (tol 1e-10)", "SCS (eps 1e-9)"))]))
    assert [row[2] for row in rows] == ["**ncsolve**", "cvxpy, Clarabel (tol 1e-10)", "cvxpy, SCS (eps 1e-9)"]
    assert all(0 <= numbers(row, 6)[0] < 1e-8 for row in rows)
    monkeypatch.setattr(cvxpy.reductions.solvers.solving_chain.SolvingChain, "solve_via_data", fail)
    problem = benchmark.different_counts(3, 1e-3, 0.1)
    assert rivals.convex(problem, "SCS", {})[::3] == (None, "failed")


@pytest.fixture
def checkout(tmp_path):
    def write(more=""):
        (tmp_path / "ana_utils.py").write_text(OTHERS.replace("{more}", more))
        return tmp_path

    return write


PROBLEMS = {"two": [([30, 20, 10], 1e-2, 0.05), ([30, 5, 5, 5], 2e-2, 0.05)]}


def test_the_peer_is_given_the_same_problems(checkout):
    rows = list(benchmark.beside_the_peer(checkout(), PROBLEMS))
    assert [row[2] for row in rows] == [
        "**ncsolve**", "as it is", "told Clarabel (tol 1e-10)", "told SCS (eps 1e-9)",
    ]
    assert [row[1] for row in rows] == ["2"] * 4
    assert [numbers(row, 5)[0] < limit for row, limit in zip(rows, (1e-9, 1e-3, 1e-8, 1e-8), strict=True)] == [True] * 4
    # with half of the bias's price the losses differ
    rows = list(benchmark.beside_the_peer(checkout("/ 2"), PROBLEMS))
    assert numbers(rows[-1], 5)[0] > 1e-5


def test_solvers_that_fail_the_peer_are_counted(checkout, capsys):
    folder = checkout()
    text = (folder / "ana_utils.py").read_text()
    (folder / "ana_utils.py").write_text(text.replace("    Z, b", "    assert len(n_list) == 3, 'four'\n    Z, b"))
    rows = list(benchmark.beside_the_peer(folder, PROBLEMS))
    assert [row[6] for row in rows] == ["", *["failed on 1"] * 3]
    assert "four" in capsys.readouterr().err


def test_a_folder_without_their_function_is_refused(tmp_path):
    (tmp_path / "ana_utils.py").write_text("def another():\n    pass\n")
    with pytest.raises(SystemExit, match="has solve_cvx in ana_utils"):
        rivals.their_function(tmp_path)


def test_their_problems_are_those_of_their_scripts():
    problems = benchmark.their_problems()
    assert [len(group) for group in problems.values()] == [1, 20, 20]
    counts, decay, half = problems["minority_l_main.py (Figures 5, 6)"][0]
    assert (counts, half) == ([500] * 5 + [100] * 5, 0.01)
    assert np.isclose(decay, 0.0027)
    assert all(len(counts) == 10 for group in problems.values() for counts, _, _ in group)


def test_the_page_has_every_part(monkeypatch, checkout):
    for name in ("balanced", "random_counts", "other_problems", "against_cvxpy", "beside_the_peer"):
        monkeypatch.setattr(benchmark, name, lambda *_, name=name: iter([(name,)]))
    page = "\n".join(benchmark.report(checkout()))
    assert [line[2:-2] for line in page.splitlines() if "_" in line and line.startswith("| ")][-1] == "beside_the_peer"
    assert page.count("\n## ") == 5
    assert "\n".join(benchmark.report(None)).count("\n## ") == 4
