"""The explorer's page as a text: its data are the library's, it is complete, and mistakes get one line."""

import base64
import contextlib
import itertools
import json
import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import ncsolve
from ncsolve import encodings
from ncsolve.errors import FileError, MissingPackageError, OpenProblemError
from ncsolve.explorer import explorer_page, write_explorer
from ncsolve.explorer._axes import choose_axes, fixed_frame
from ncsolve.explorer._grid import EXAMPLE, GridSize, grid_document, lambda_b_grid
from tests.command import refused, run, said

ROOT = Path(__file__).parents[2]
CODES = [[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]]
SOFT = [[0.9, 0.1, 0.3], [0.1, 0.6, 0.3], [0.0, 0.3, 0.4]]
COARSE = GridSize(floats=1_000, factors=1, per_decade=3, least_per_decade=3)


def problem(encoding=None, counts=20, lambda_b=0.1):
    code = encodings.onehot(3) if encoding is None else encoding
    return ncsolve.UFM(encoding=code, counts=counts, lambda_w=1e-3, lambda_h=4e-3, lambda_b=lambda_b)


def floats(text):
    return np.frombuffer(base64.b64decode(text), dtype="<f8")


@pytest.fixture
def coarse():
    with coarse_grids():
        yield


@contextlib.contextmanager
def coarse_grids():
    """Pages whose grids are soon solved, for tests of everything else: what a grid holds is tested by itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ncsolve.explorer._grid.OWN", COARSE)
        patch.setattr("ncsolve.explorer._data.EXAMPLE", COARSE)
        yield


GENERAL = [
    problem(CODES, [5, 20, 1, 10]),
    problem(encodings.onehot(4), [40, 10, 5, 2]),
    problem(encodings.ordinal(5), 4),
    problem(encodings.ecoc(3, 8, seed=1), 6),
    problem(encodings.hadamard(4), 6),
]


@pytest.mark.parametrize("asked", GENERAL, ids=lambda p: p.encoding.name)
def test_the_grid_holds_the_numbers_of_the_library(asked):
    found = grid_document(asked, "x", EXAMPLE)
    k, width = asked.classes, min(asked.classes, asked.code_length)
    for row in found["rows"]:
        grid = floats(row["lambda_b"])
        assert grid[0] == 0.0
        assert grid[-1] == math.inf
        if row["transition"] is not None:
            assert row["transition"] in grid
        numbers = floats(row["numbers"]).reshape(grid.size, 7)
        gram = floats(row["gram"]).reshape(grid.size, k * (k + 1) // 2)
        sigma = floats(row["sigma"]).reshape(grid.size, width)
        for i in (0, 7, grid.size // 2, grid.size - 2, grid.size - 1):
            minimizer = ncsolve.solve(
                asked.replace(lambda_w=row["lambda_w"], lambda_h=row["lambda_h"], lambda_b=float(grid[i]))
            )
            assert numbers[i, 0] == minimizer.loss
            cosines = minimizer.cosines
            expected = [np.nan] * 3 if cosines is None else [cosines.min, cosines.mean, cosines.max]
            np.testing.assert_array_equal(numbers[i, 1:4], expected)
            assert numbers[i, 4] == np.linalg.norm(minimizer.bias)
            assert numbers[i, 6] == minimizer.rank
            np.testing.assert_array_equal(gram[i], minimizer.gram[np.triu_indices(k)])
            # What is above the threshold is the spectrum of Z: an SVD of another matrix, so equal to rounding only.
            kept = np.maximum(sigma[i] - row["threshold"], 0.0)
            np.testing.assert_allclose(kept, minimizer.singular_values, rtol=1e-10, atol=1e-12 * sigma[i, 0])


@pytest.mark.parametrize("asked", GENERAL, ids=lambda p: p.encoding.name)
def test_the_fixed_frame_is_a_rotation_and_moves_little(asked):
    """Its Gram matrix is the minimizer's, and steps shrink with the grid.

    Where a dimension dies its coordinate goes like a square root, so four times as fine is at best half as far.
    """

    def largest_step(per_decade):
        grid = lambda_b_grid([], per_decade)
        points = [ncsolve.solve(asked.replace(lambda_b=float(x))) for x in grid]
        frames = [fixed_frame(point) for point in points]
        for frame, point in zip(frames, points, strict=True):
            np.testing.assert_allclose(frame.T @ frame, point.gram, atol=1e-12 * np.trace(point.gram))
        size = max(np.linalg.norm(frame) for frame in frames)
        return max(np.linalg.norm(b - a) for a, b in itertools.pairwise(frames)) / size

    coarse, fine = largest_step(4), largest_step(16)
    assert fine < 0.3
    assert fine <= 0.8 * coarse


def test_a_frame_of_the_solvers_own_is_not_continuous():
    """What the fixed frame is for: the class means of ``solve`` jump where singular vectors change sign or order."""
    points = [ncsolve.solve(GENERAL[0].replace(lambda_b=float(x))) for x in lambda_b_grid([], 16)]
    jumps = [np.linalg.norm(b.class_means - a.class_means) for a, b in itertools.pairwise(points)]
    size = max(np.linalg.norm(point.class_means) for point in points)
    assert max(jumps) > 0.5 * size


def test_axes_are_orthonormal_and_exact_up_to_three_dimensions():
    rng = np.random.default_rng(3)
    for p, k in ((2, 5), (3, 3), (3, 6), (5, 7)):
        clouds = [rng.standard_normal((p, k)) for _ in range(3)]
        axes = choose_axes(clouds, np.ones(k))
        for view in axes.views(2):
            used = view[:, np.linalg.norm(view, axis=0) > 0]
            np.testing.assert_allclose(used.T @ used, np.eye(used.shape[1]), atol=1e-12)
            assert used.shape[1] == min(p, 3)
        assert axes.exact == (p <= 3)
        mean = sum(c.mean(axis=1) / np.linalg.norm(c) for c in clouds)
        np.testing.assert_allclose(axes.mean[:, 2], mean / np.linalg.norm(mean), atol=1e-12)


def test_a_projection_that_loses_the_least():
    """The principal axes keep at least as much as any other three, here: as the mean and two more."""
    rng = np.random.default_rng(5)
    cloud = rng.standard_normal((6, 9)) * np.arange(1, 7)[:, None]
    axes = choose_axes([cloud], np.ones(9))
    kept = [np.sum((view.T @ cloud) ** 2) for view in axes.views(2)]
    best = np.sum(np.linalg.svd(cloud, compute_uv=False)[:3] ** 2)
    assert kept[1] == pytest.approx(best, rel=1e-12)
    assert kept[0] < kept[1]


@pytest.fixture(scope="module")
def page():
    return explorer_page(problem())


def test_the_page_is_one_file_within_its_size(page):
    assert len(page.encode()) <= 6_000_000
    own = page[: page.index('<script type="text/plain" id="plotly">')]
    assert not re.search(r"""(src|href)\s*=|url\(|@import|https?://(?!www\.w3\.org/2000/svg)|fetch\(|import\(""", own)
    assert page.count("</html>") == 1
    assert "$" + "style" not in page


def test_the_page_starts_where_it_is_asked_to(page):
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.S)[1])
    assert data["start"] == {
        "choice": 0, "classes": 3, "per_class": 20, "lambda_w": 1e-3, "lambda_h": 4e-3, "lambda_b": 0.1,
        "loss": "mse", "features": "linear", "depth": 1, "dim": None,
    }
    first = data["choices"][0]
    assert first["members"]["10"] == [1.0, 0.0, 1.0]
    for choice in data["choices"]:
        if choice["kind"] == "affine":
            for k, (a, q, w) in choice["members"].items():
                code = encodings.make(choice["spec"], classes=int(k)).affine
                assert (a, q, w) == (code.a, code.q, code.row_sum)


@pytest.mark.usefixtures("coarse")
def test_own_problems_come_first_and_families_stay():
    data = json.loads(re.search(r'id="data">(.*?)</script>', explorer_page(GENERAL[2]), re.S)[1])
    assert [choice["kind"] for choice in data["choices"]] == ["grid", *["affine"] * 5]
    assert data["start"]["choice"] == 0
    own = explorer_page(problem(encodings.affine(4, 1.5, -0.25), lambda_b=math.inf))
    data = json.loads(re.search(r'id="data">(.*?)</script>', own, re.S)[1])
    start = data["choices"][data["start"]["choice"]]
    assert start["members"]["4"] == [1.5, -0.25, 0.5]
    assert data["start"]["lambda_b"] == "inf"


@pytest.mark.usefixtures("coarse")
def test_class_names_cannot_end_the_script():
    asked = ncsolve.UFM(encoding=CODES, counts=[5, 20, 1, 10], lambda_w=1e-3, lambda_h=4e-3, lambda_b=0.1,
                        class_names=["</script><b>", "b", "c", "d"])
    assert "</script><b>" not in explorer_page(asked)


def test_many_classes_take_a_coarser_grid():
    small = GridSize(floats=3_000, factors=9, per_decade=8, least_per_decade=3)
    few = grid_document(GENERAL[2], "x", small)
    assert len(few["rows"]) == 1
    assert sum(floats(row[key]).size for row in few["rows"] for key in row if isinstance(row[key], str)) <= 3_000


# As many distinct counts as classes, in no order.
LONG_TAIL = np.random.default_rng(2).permutation(np.arange(5, 65)).tolist()


def test_of_many_classes_some_are_drawn_and_the_numbers_are_of_all():
    asked = problem(encodings.onehot(60), LONG_TAIL)
    found = grid_document(asked, "x", GridSize(floats=10, factors=1, per_decade=1, least_per_decade=1))
    drawn = found["drawn"]
    counts = asked.counts.array[drawn]
    assert len(set(drawn)) == 20
    assert (counts[0], counts[-1]) == (64, 5)
    assert (np.diff(counts) < 0).all()
    assert np.ptp(np.diff(counts)) <= 1  # evenly, as counts are evenly spread
    (row,) = found["rows"]
    grid = floats(row["lambda_b"])
    i = grid.size // 2
    minimizer = ncsolve.solve(asked.replace(lambda_b=float(grid[i])))
    numbers = floats(row["numbers"]).reshape(grid.size, 7)[i]
    assert numbers[:4].tolist() == [
        minimizer.loss, minimizer.cosines.min, minimizer.cosines.mean, minimizer.cosines.max
    ]
    np.testing.assert_array_equal(
        floats(row["gram"]).reshape(grid.size, -1)[i], minimizer.gram[np.ix_(drawn, drawn)][np.triu_indices(20)]
    )
    kept = np.maximum(floats(row["sigma"]).reshape(grid.size, -1)[i] - row["threshold"], 0.0)
    np.testing.assert_allclose(kept, minimizer.singular_values[found["sigmas"]], rtol=1e-10, atol=1e-12 * kept.max())
    means = floats(row["means"]).reshape(grid.size, found["views"], 3, 20)[i, 1]
    drawn_trace = np.trace(minimizer.gram[np.ix_(drawn, drawn)])
    assert 0.0 < np.sum(means**2) <= drawn_trace * (1 + 1e-12)  # a projection


def test_too_many_classes_are_refused_before_anything_is_solved(monkeypatch, tmp_path):
    def never(*_, **__):
        pytest.fail("the work was begun")

    for name in ("solve", "choose_axes"):
        monkeypatch.setattr(f"ncsolve.explorer._grid.{name}", never)
    monkeypatch.setattr("numpy.linalg.matrix_rank", never)
    (tmp_path / "codes.csv").write_text("\n".join(["0," * 200 + "1", "1," * 200 + "0"]))
    (tmp_path / "labels.txt").write_text("\n".join(f"c{i}" for i in range(3000)) + "\nc0\n")
    counts = ",".join(str(5 + i) for i in range(3000))
    for arguments, got in (
        (["--counts", counts], "200 classes; got 3000"), (["--counts", counts, "--dim", "2"], "200 classes; got 3000"),
        (["--labels", str(tmp_path / "labels.txt")], "200 classes; got 3000"),
        (["--encoding", str(tmp_path / "codes.csv")], "200 classes; got 201"),
        (["--encoding", "ecoc:1001"], "1000 outputs; got 1001"),
    ):
        done = run("explore", *arguments, "-o", tmp_path / "e.html")  # labels that were read are said before
        assert done.returncode == 2
        assert f"for up to {got}, use fewer" in done.stderr
        assert done.stderr.count("\n") == 1


def test_progress_comes_to_the_end(monkeypatch):
    size = GridSize(floats=4_000, factors=3, per_decade=3, least_per_decade=3)
    monkeypatch.setattr("ncsolve.explorer._grid.OWN", size)
    seen = []
    explorer_page(problem(CODES, [5, 20, 1, 10]), progress=seen.append)
    assert seen == sorted(seen)
    assert 0 < seen[0] < 97 < seen[-1] <= 100  # a lambda_b that is on the grid already is solved once


def test_without_plotly_one_line_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    with pytest.raises(MissingPackageError, match=r"the explorer needs plotly; install it .* -m pip install 'ncsolve"):
        explorer_page(problem())
    assert "ncsolve[explore]" in refused("explore", "-o", tmp_path / "e.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("coarse")
def test_the_command_writes_whole_pages_and_overwrites_only_when_told(tmp_path):
    path = tmp_path / "e.html"
    arguments = ["explore", "--encoding", str(ROOT / "examples/codes.csv"), "--counts", "5,20,1,10", "-o", str(path)]
    for extra, code in (([], 0), ([], 2), (["--force"], 0)):
        assert run(*arguments, *extra).returncode == code
    assert path.read_text(encoding="utf-8").endswith("</html>\n")
    assert [item.name for item in tmp_path.iterdir()] == ["e.html"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "e.pdf"], "name a file that ends in .html"),
        (["-o", "no/such/e.html"], "cannot be written: there is no folder 'no/such'"),
        (["--encoding", "onehto"], "did you mean 'onehot'?"),
        (["--counts", "5,0"], "class 1 has 0"),
        (["--lambda-b", "-1"], "got -1"),
        (["--classes", "0"], "at least 1; got 0"),
        (["--encoding", "gaussian:300", "--classes", "300"], "use fewer classes"),
        (["--labels", "absent.csv"], "absent.csv: cannot be read"),
    ],
)
def test_mistakes_get_one_line(arguments, message, tmp_path):
    assert message in refused("explore", *arguments, cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"counts": [4, 5, 6], "depth": 2}, r"deep linear head .* balanced .* got counts from 4 to 6, solve it"),
        ({"encoding": CODES, "counts": 20, "features": "relu"}, r"ReLU features, H >= 0\) for .* of 4 classes, solve"),
        ({"encoding": np.eye(3, 4) + 0.1, "counts": [4, 5, 6, 7], "dim": 2}, r"\(bottleneck: .*\) for balanced codes"),
        ({"features": "relu", "depth": 2}, r"ReLU features under a deep head are an open problem"),
        ({"features": "relu", "dim": 2}, r"no closed form is known for ReLU features .* got dim = 2 for 3 classes"),
        ({"loss": "ce", "counts": [4, 5, 6]}, r"for balanced one-hot and smoothed codes .* counts from 4 to 6"),
        ({"loss": "ce", "encoding": SOFT}, r"\(cross-entropy\) for balanced .* got array codes of 3 classes, solve"),
        ({"loss": "ce", "depth": 2}, r"deep heads under cross-entropy are an open problem"),
        ({"loss": "ce", "dim": 1}, r"a bottleneck is an open problem; got dim = 1 .* set dim >= 2"),
        ({"loss": "ce", "features": "relu", "dim": 2}, r"a bottleneck is an open problem; .* set dim >= 3"),
        ({"loss": "ce", "encoding": encodings.affine(3, -0.5, 0.5)}, r"own output is the likeliest; got .*affine"),
    ],
)
def test_models_without_a_closed_form_are_refused_not_forgotten(changes, message):
    with pytest.raises(OpenProblemError, match=message):
        explorer_page(problem().replace(**changes))


@pytest.mark.usefixtures("coarse")
def test_the_page_starts_with_the_model(tmp_path):
    own = problem().replace(depth=3, lambda_w=[1e-3, 2e-3, 4e-3], dim=2)
    data = json.loads(re.search(r'id="data">(.*?)</script>', explorer_page(own), re.S)[1])
    assert {name: data["start"][name] for name in ("features", "depth", "dim")} == {
        "features": "linear", "depth": 3, "dim": 2,
    }
    assert data["start"]["lambda_w"] == pytest.approx(2e-3, rel=1e-15)
    file = tmp_path / "p.toml"
    file.write_text('classes = 4\nfeatures = "relu"\n')
    for arguments, expected in (
        (["--problem", str(file)], ("mse", "relu", 1, None)), (["--depth", "2", "--dim", "2"], ("mse", "linear", 2, 2)),
        (["--loss", "ce", "--features", "relu"], ("cross-entropy", "relu", 1, None)),
    ):
        said("explore", *arguments, "-o", tmp_path / "e.html", "--force")
        text = (tmp_path / "e.html").read_text(encoding="utf-8")
        start = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])["start"]
        assert (start["loss"], start["features"], start["depth"], start["dim"]) == expected


def test_outputs_are_checked_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr("ncsolve.explorer._page.explorer_page", lambda *_, **__: pytest.fail("the work was begun"))
    (tmp_path / "e.html").write_text("mine")
    for path in (tmp_path / "e.html", tmp_path / "no" / "e.html", tmp_path / "e.txt"):
        with pytest.raises(FileError):
            write_explorer(problem(), path)
    assert (tmp_path / "e.html").read_text() == "mine"


def test_the_formulas_of_the_page_are_those_of_the_derivations():
    from ncsolve.derivations import get, names
    from ncsolve.derivations._javascript import formulas_script

    committed = (ROOT / "ncsolve/explorer/page/formulas.js").read_text(encoding="utf-8")
    assert committed == formulas_script(map(get, names()))
