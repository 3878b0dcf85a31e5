"""Values of the wrong kind get one line of ncsolve's own, from every function that takes arrays or objects."""

import inspect
from fractions import Fraction

import ncsolve.verify
import numpy as np
import pytest

import ncsolve
import ncsolve.certificates
import ncsolve.explorer
import ncsolve.plots
import ncsolve.report
from ncsolve import LabelStatistics, encodings, geometry
from tests.public_calls import BAD, CALLS, PROBLEM, STATISTICS, TensorWithGradient

RAGGED = [[1.0, 2.0], [3.0]]
NO_ARGUMENTS = {"names", "new_figure"}  # the second is given shapes, not data

WRONG = {
    "class names": (lambda: PROBLEM.replace(class_names=5), "class_names must be a sequence"),
    "class names as one text": (lambda: PROBLEM.replace(class_names="abc"), "class_names must be a sequence"),
    "features to predict": (lambda: ncsolve.solve(PROBLEM).predict(RAGGED), "features must be a rectangular array"),
    "labels": (lambda: ncsolve.solve(PROBLEM).features([[1], [2, 3]]), "labels must be a non-empty array"),
    "NC1": (lambda: geometry.nc1(RAGGED, [0, 1], 2), "features must be a rectangular array"),
    "NC1 classes": (lambda: geometry.nc1([[1.0, 2.0]], [0, 1], "a"), "number of classes must be an integer"),
    "NC1 of None": (lambda: geometry.nc1(None, [0, 1], 2), "features must be a rectangular array .*got NoneType"),
    "NC1 of text": (lambda: geometry.nc1("ab", [0, 1], 2), "features must be a rectangular array .*got str"),
    "NC1 of bytes": (lambda: geometry.nc1(b"ab", [0, 1], 2), "features must be a rectangular array .*got bytes"),
    "NC1 of a number": (lambda: geometry.nc1(np.array(1.0), [0], 1), r"an array \(d, N\) .*got shape \(\)"),
    "NC1 of NaN": (lambda: geometry.nc1([[1.0, np.nan]], [0, 1], 2), r"finite; got nan at index \(0, 1\), leave"),
    "NC1 by rows": (lambda: geometry.nc1([[1.0, 2.0], [3.0, 4.0], [1.0, 0.0]], [0, 1, 1], 2), "pass features.T"),
    "NC1 labels": (lambda: geometry.nc1([[1.0, 2.0]], None, 2), "labels must be a non-empty array"),
    "NC1 ragged labels": (lambda: geometry.nc1([[1.0, 2.0]], [[1], [1, 2]], 2), "labels must be a rectangular array"),
    "energy": (lambda: geometry.within_class_energy([[10**400]], [0], 1), "got list"),
    "class means": (lambda: geometry.class_means_of([[np.inf]], [0], 1), "must be finite; got inf"),
    "W in place of W^T": (lambda: geometry.self_duality_error(np.ones((2, 3)), np.ones((3, 2))), "pass W.T"),
    "NaN class means": (lambda: geometry.self_duality_error([[1.0]], [[np.nan]]), "class means must be finite"),
    "kappa": (lambda: geometry.nc4_mismatch([[1.0]], [1.0], [3.0], "x"), "kappa .* positive number; got str"),
    "large kappa": (lambda: geometry.nc4_mismatch([[1.0]], [1.0], [3.0], 10**400), "positive number; got inf"),
    "NC4": (lambda: geometry.nc4_mismatch([[1.0]], [1.0, 2.0], [3.0], 1.0), r"eigenvalues \(p,\)"),
    "simplex of one": (lambda: geometry.simplex_cosine(1), "at least 2; got 1"),
    "Gram matrix": (lambda: geometry.cosine_matrix("x"), "a Gram matrix must be a rectangular array"),
    "solve": (lambda: ncsolve.solve("x"), "the problem must be a UFM; got str"),
    "select_method": (lambda: ncsolve.select_method(3), "the problem must be a UFM; got int"),
    "path": (lambda: ncsolve.path(None, lambda_b=[1.0]), "the problem must be a UFM; got NoneType"),
    "objective": (lambda: ncsolve.objective(PROBLEM, "a", [[1.0]], [1.0]), "W must be a rectangular array"),
    "complex targets": (lambda: LabelStatistics.from_targets([[1j]]), "targets must be a rectangular array"),
    "merge": (lambda: STATISTICS.merge(5), "only be merged with LabelStatistics; got int"),
    "negative scatter": (lambda: LabelStatistics(samples=3, mean=[0], scatter=[[-1]]), "got -1 on its diagonal"),
    "indefinite scatter": (
        lambda: ncsolve.solve_statistics(
            LabelStatistics(samples=3, mean=[0, 0], scatter=[[1, 2], [2, 1]]), lambda_w=1e-2, lambda_h=1e-2, lambda_b=0
        ),
        "smallest eigenvalue is -1",
    ),
    "statistics": (lambda: ncsolve.solve_statistics(5, lambda_w=1, lambda_h=1, lambda_b=1), "LabelStatistics; got int"),
    "a point that is not there": (lambda: ncsolve.path(PROBLEM, lambda_b=[1.0]).minimizer(1), "below 1; got 1"),
    "a point by name": (lambda: ncsolve.path(PROBLEM, lambda_b=[1.0]).minimizer("a"), "got 'a'"),
    "convention": (lambda: ncsolve.convention(5), "unknown convention '5'"),
    "encoding": (lambda: encodings.make(5, classes=3), "unknown encoding '5'"),
    "cosine of what": (lambda: ncsolve.design.for_cosine("x", 0.1), "the problem must be a UFM; got str"),
    "cosine": (lambda: ncsolve.design.for_cosine(PROBLEM, "x"), "must be a number between .* got 'x'"),
    "what to vary": (lambda: ncsolve.design.for_cosine(PROBLEM, 0.1, vary=5), "unknown quantity to vary '5'"),
    "target": (
        lambda: ncsolve.design.encoding_for(RAGGED, counts=[1, 2], lambda_w=1, lambda_h=1, lambda_b=1),
        "square array of real numbers",
    ),
    "tolerance": (
        lambda: ncsolve.design.encoding_for(
            np.eye(2), counts=[1, 2], lambda_w=1, lambda_h=1, lambda_b=1, tolerance="x"
        ),
        "tolerance must be a positive number; got 'x'",
    ),
    "tree": (lambda: ncsolve.design.hierarchy_gram(5), "class names .strings., lists and objects; got 5"),
    "a file that is none": (lambda: ncsolve.Minimizer.load(None), "must be text or a path; got None"),
    "a name with NUL": (lambda: ncsolve.Minimizer.load("a\0b"), r"without NUL and lone surrogates; got 'a\\x00b'"),
    "no problem to certify": (lambda: ncsolve.certificates.certify(None), "the problem must be a UFM; got NoneType"),
    "against nothing": (
        lambda: ncsolve.phase(PROBLEM, lambda_b=[1, 2], against=None, values=[1, 2]),
        "unknown parameter of a phase diagram 'None'; choices: classes, imbalance, t, weight_decay",
    ),
    "too large for a float": (lambda: ncsolve.path(PROBLEM, lambda_b=[10**400]), "sequence of numbers; got list"),
    "too many digits": (lambda: PROBLEM.replace(counts=10**5000), "exceed 2.62; got int of more than 4000 digits"),
    "a tensor": (lambda: PROBLEM.replace(encoding=TensorWithGradient()), r"pass tensor\.detach\(\)\.cpu"),
    "a 0-d array": (lambda: PROBLEM.replace(lambda_w=np.array(0.1)), r"real number; got array\(0\.1\), pass float"),
    "bytes": (lambda: encodings.make(b"onehot", classes=3), "unknown encoding"),
    "no encodings": (
        lambda: ncsolve.compare(5, counts=[1, 2], lambda_w=1, lambda_h=1, lambda_b=1), "a sequence of encodings"
    ),
    "compared classes": (
        lambda: ncsolve.compare(["onehot"], counts=3, classes="a", lambda_w=1, lambda_h=1, lambda_b=1),
        "number of classes must be an integer",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_types(case):
    task, message = WRONG[case]
    with pytest.raises(ncsolve.NCSolveError, match=message):
        task()


# The longest message lists the names of all claims.
MOST_CHARACTERS = 1500


def refusal(call):
    """What ncsolve's error says, if there is one; every other exception is a failure."""
    try:
        call()
    except ncsolve.NCSolveError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("call", CALLS)
def test_every_argument_of_every_public_function(call, tmp_path, monkeypatch):
    """Whatever is given in place of one argument: what comes back is a result, or one line of ncsolve's own."""
    monkeypatch.chdir(tmp_path)
    function, arguments = CALLS[call]
    for name in arguments:
        for kind, value in BAD.items():
            message = refusal(lambda name=name, value=value: function(**{**arguments, name: value}))
            assert "\n" not in message, (name, kind)
            assert len(message) < MOST_CHARACTERS, (name, kind)


@pytest.mark.parametrize("module", [
    ncsolve, ncsolve.deep, ncsolve.design, ncsolve.encodings, ncsolve.certificates, ncsolve.verify, ncsolve.plots,
    ncsolve.explorer, ncsolve.report,
])
def test_the_table_holds_every_public_function(module):
    known = {getattr(function, "__func__", function) for function, _ in CALLS.values()}
    public = [getattr(module, name) for name in module.__all__]
    missing = [x.__name__ for x in public if inspect.isfunction(x) and x not in known]
    assert set(missing) <= NO_ARGUMENTS


@pytest.mark.parametrize("made", [lambda classes: np.eye(classes), lambda classes: encodings.onehot(classes + 1)])
def test_a_factory_must_make_an_encoding_of_these_classes(made, monkeypatch):
    monkeypatch.setattr("ncsolve.encodings._registry._ENTRIES", {})
    encodings.register("wrong", made, summary="not what was asked for")
    with pytest.raises(ncsolve.EncodingError, match="must return an Encoding of 3 classes"):
        encodings.make("wrong", classes=3)


def test_an_error_inside_a_factory_is_not_hidden(monkeypatch):
    def broken(classes):
        raise TypeError("a mistake of the factory's own")

    monkeypatch.setattr("ncsolve.encodings._registry._ENTRIES", {})
    encodings.register("broken", broken, summary="raises")
    with pytest.raises(TypeError, match="of the factory's own"):
        encodings.make("broken", classes=3)


TINY, LARGE = Fraction(1, 10**400), np.longdouble("1e400")


@pytest.mark.parametrize("change", [
    {"lambda_b": TINY}, {"lambda_w": TINY}, {"lambda_b": LARGE}, {"lambda_b": 1 / LARGE},
    {"encoding": np.eye(3, dtype=np.longdouble) / LARGE}, {"encoding": np.eye(3) * LARGE},
])
@pytest.mark.skipif(np.finfo(np.longdouble).max < LARGE or np.isinf(LARGE), reason="needs long doubles")
def test_longer_numbers_do_not_become_zero_or_infinite(change):
    with pytest.raises(ncsolve.NCSolveError, match="a float can hold"):
        PROBLEM.replace(**change)
    if "lambda_b" in change and isinstance(change["lambda_b"], np.longdouble):
        with pytest.raises(ncsolve.NCSolveError, match="a float can hold"):
            ncsolve.path(PROBLEM, lambda_b=[change["lambda_b"], 1.0])


def test_infinity_of_any_kind_of_float_is_no_bias():
    assert PROBLEM.replace(lambda_b=np.float32("inf")).lambda_b == np.inf
    assert ncsolve.convention("sum").to_paper(10, 3, 1.0, 1.0, np.float32("inf"))[2] == np.inf


def test_what_is_masked_is_not_read():
    hidden = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])
    codes = np.ma.array(np.eye(3), mask=np.eye(3) > 0)
    for call in (lambda: PROBLEM.replace(counts=hidden), lambda: PROBLEM.replace(encoding=codes),
                 lambda: ncsolve.path(PROBLEM, lambda_b=hidden)):
        with pytest.raises(ncsolve.NCSolveError, match="drop or fill what is masked"):
            call()
    assert list(PROBLEM.replace(counts=np.ma.array([1, 2, 3])).counts) == [1, 2, 3]


@pytest.mark.parametrize("names", [[b"a", b"b", b"c"], [None, "b", "c"], {"a", "b", "c"}, [["a"], ["b"], ["c"]]])
def test_names_of_classes_are_texts_in_an_order(names):
    """str() makes names of all of them, "b'a'" and "None" among them, and a set has no order."""
    with pytest.raises(ncsolve.ProblemError, match="class_names must be a sequence"):
        PROBLEM.replace(class_names=names)


def test_truth_values_are_no_grid():
    with pytest.raises(ncsolve.ProblemError, match="non-empty sequence of numbers"):
        ncsolve.path(PROBLEM, lambda_b=[True, False])


@pytest.mark.parametrize("value", [np.array([None, 1.0]), np.zeros((2, 2)), np.array(["a"]), np.array([1j])])
def test_the_remedy_for_arrays_is_not_that_for_tensors(value):
    with pytest.raises(ncsolve.NCSolveError) as caught:
        ncsolve.path(PROBLEM, lambda_b=value)
    assert "tensor" not in str(caught.value)
    assert ("astype(float)" in str(caught.value)) == (value.dtype == object)
