"""Every public function with arguments that fit, and values that do not: shared by the test of wrong types."""

import numpy as np
import pytest
from ncsolve.verify.descent import descend

import ncsolve
from ncsolve import LabelStatistics, certificates, deep, design, encodings, explorer, plots, report, verify

PROBLEM = ncsolve.UFM(encoding=encodings.onehot(3), counts=4, lambda_w=1e-2, lambda_h=1e-2, lambda_b=0.1)
DEEP = PROBLEM.replace(depth=2, lambda_w=[1e-2, 1e-2])
FOUND = ncsolve.solve(PROBLEM)
STATISTICS = LabelStatistics.from_targets(np.eye(3))
ALONG = ncsolve.path(PROBLEM, lambda_b=[0.1, 1.0])
DIAGRAM = ncsolve.phase(PROBLEM, lambda_b=[0.01, 1.0], against="t", values=[0.1, 0.4])
COMPARED = ncsolve.compare(["onehot"], counts=[4, 4, 4], lambda_w=1e-2, lambda_h=1e-2, lambda_b=0.1)
GATHERED = ncsolve.FeatureStatistics(3, 3, np.eye(3)).update(np.eye(3)[[0, 1, 2] * 4], [0, 1, 2] * 4)
MEASURED = ncsolve.measure(GATHERED, np.eye(3), np.zeros(3), PROBLEM)
CHUNKS = pytest.importorskip("dask.array", reason="needs dask: pip install 'ncsolve[dask]'").from_array(np.eye(3))
POINT = verify.zero_point(PROBLEM)
LAMBDAS = {"lambda_w": 1e-2, "lambda_h": 1e-2, "lambda_b": 0.1}


class TensorWithGradient:
    """What torch says of a tensor that requires a gradient."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")


class Hostile:
    """An object that fails whatever it is asked."""

    def __repr__(self):
        raise RuntimeError("no repr")

    def __len__(self):
        raise RuntimeError("no length")

    def __iter__(self):
        raise RuntimeError("no entries")

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("no array")

    def __eq__(self, other):
        raise RuntimeError("no comparison")

    __hash__ = object.__hash__


BAD = {
    "none": None, "text": "x", "bytes": b"x", "true": True, "nan": float("nan"), "minus one": -1, "half": 0.5,
    "huge": 10**400, "huger": 10**5000, "object": object(), "class": int, "dict": {}, "empty list": [],
    "list": [1, "x"], "ragged": [[1.0], [1.0, 2.0]], "huge entry": [10**400, 10**400, 10**400],
    "huger entry": [10**5000], "nan entry": [float("nan")] * 3, "complex": 1j, "array": np.array(1.0),
    "text array": np.array("x"), "object array": np.array([None, 1], dtype=object), "empty array": np.zeros((0, 0)),
    "tensor": TensorWithGradient(), "tensors": [TensorWithGradient()] * 3, "hostile": Hostile(),
    "hostile entry": [Hostile()], "nul": "a\0b", "surrogate": "\ud800", "set": {1, 2}, "generator": iter(()),
}

# Each with all its arguments; every one is replaced by every bad value in turn.  What comes of
# it is not the test's business (a seed of 10**400 is one), errors must be ncsolve's.
CALLS = {
    "UFM": (ncsolve.UFM, dict(
        encoding=np.eye(3), counts=[1, 2, 3], **LAMBDAS, dim=3, class_names=["a", "b", "c"], features="linear", depth=1,
        convention="paper", classes=3, seed=0,
    )),
    "UFM of a name": (ncsolve.UFM, dict(encoding="ecoc:5", counts=3, **LAMBDAS, classes=3, seed=0)),
    "UFM.from_labels": (ncsolve.UFM.from_labels, dict(
        labels=["a", "b", "a"], encoding="onehot", **LAMBDAS, order=["b", "a"], dim=3, features="linear", depth=1,
        convention="paper", seed=0,
    )),
    "UFM.replace": (PROBLEM.replace, dict(counts=5, depth=1, dim=2)),
    "solve": (ncsolve.solve, dict(problem=PROBLEM, method="auto")),
    "select_method": (ncsolve.select_method, dict(problem=PROBLEM)),
    "measure": (ncsolve.measure, dict(
        statistics=GATHERED, W=np.eye(3), b=np.zeros(3), problem=PROBLEM, lambda_h=None, samples=None,
        gap_tolerance=1e-2, stationarity_tolerance=1e-2,
    )),
    "FeatureStatistics": (ncsolve.FeatureStatistics, dict(
        classes=3, dim=3, head=(np.eye(3), np.zeros(3)), scatter="full", codes=np.eye(3),
    )),
    "FeatureStatistics.update": (ncsolve.FeatureStatistics(3, 3).update, dict(features=np.eye(3), labels=[0, 1, 2])),
    "FeatureStatistics.merge": (GATHERED.merge, dict(other=GATHERED)),
    "FeatureStatistics.problem": (GATHERED.problem, dict(encoding="onehot", **LAMBDAS, features="linear", seed=0)),
    "FeatureStatistics.seen_by": (GATHERED.seen_by, dict(W=np.eye(3))),
    "FeatureStatistics.from_dask": (ncsolve.FeatureStatistics.from_dask, dict(
        features=CHUNKS, labels=np.arange(3), classes=3, head=np.eye(3), scatter="full", codes=np.eye(3),
    )),
    "objective": (ncsolve.objective, dict(
        problem=PROBLEM, W=np.eye(3), H=np.eye(3), b=np.zeros(3), labels=None,
    )),
    "objective of layers": (
        ncsolve.objective, dict(problem=DEEP, W=[np.eye(3), np.eye(3)], H=np.eye(3), b=np.zeros(3)),
    ),
    "gradient": (ncsolve.gradient, dict(problem=PROBLEM, W=np.eye(3), H=np.eye(3), b=np.zeros(3), labels=None)),
    "path": (ncsolve.path, dict(problem=PROBLEM, lambda_b=[0.1])),
    "path of lambda_w": (ncsolve.path, dict(problem=PROBLEM, lambda_w=[0.1])),
    "path of alpha": (ncsolve.path, dict(problem=PROBLEM, alpha=[0.1])),
    "path of count": (ncsolve.path, dict(problem=PROBLEM, count=[5], of_class=1)),
    "Path.minimizer": (ALONG.minimizer, dict(index=0)),
    "Path.even_points": (ALONG.even_points, dict(count=2)),
    "phase": (ncsolve.phase, dict(problem=PROBLEM, lambda_b=[0.1, 1.0], against="t", values=[0.1, 0.2], workers=1)),
    "phase of classes": (ncsolve.phase, dict(problem=PROBLEM, lambda_b=[0.1, 1.0], against="classes", values=[2, 3])),
    "phase of imbalance": (ncsolve.phase, dict(
        problem=PROBLEM, lambda_b=[0.1, 1.0], against="imbalance", values=[1, 2],
    )),
    "compare": (ncsolve.compare, dict(
        encodings=["onehot"], counts=[4, 4, 4], **LAMBDAS, classes=3, convention="paper", class_names=["a", "b", "c"],
        seed=0, dim=3, features="linear", depth=1,
    )),
    "convention": (ncsolve.convention, dict(name="paper")),
    "to_paper": (ncsolve.convention("torch-mean").to_paper, dict(samples=10, code_length=3, **LAMBDAS)),
    "from_paper": (ncsolve.convention("torch-mean").from_paper, dict(samples=10, code_length=3, **LAMBDAS)),
    "solve_statistics": (ncsolve.solve_statistics, dict(statistics=STATISTICS, **LAMBDAS, convention="paper")),
    "LabelStatistics": (LabelStatistics, dict(samples=3, mean=[0.0, 0.0], scatter=np.eye(2))),
    "from_labels": (LabelStatistics.from_labels, dict(labels=[0, 1, 1], encoding=np.eye(2))),
    "from_targets": (LabelStatistics.from_targets, dict(targets=np.eye(2))),
    "merge": (STATISTICS.merge, dict(other=STATISTICS)),
    "features": (FOUND.features, dict(labels=[0, 1])),
    "predict": (FOUND.predict, dict(features=np.eye(3))),
    "load": (ncsolve.Minimizer.load, dict(path="no.npz")),
    "save": (FOUND.save, dict(path="no/where.npz")),
    "certify": (certificates.certify, dict(
        problem=PROBLEM, digits=5, lambda_w="1e-2", lambda_h="1e-2", lambda_b="0.1", codes=np.eye(3).tolist(),
    )),
    "Minimizer.certify": (FOUND.certify, dict(digits=5, lambda_w="1e-2")),
    "check_file": (certificates.check_file, dict(path="no.json")),
    "Certificate.save": (FOUND.certify(digits=3).save, dict(path="no/where.json")),
    "ExactProblem.of": (certificates.ExactProblem.of, dict(problem=PROBLEM, lambda_w="1e-2")),
    "first_order_transition": (deep.first_order_transition, dict(problem=DEEP)),
    "class_thresholds": (deep.class_thresholds, dict(problem=DEEP)),
    "shrinkage_of": (deep.shrinkage_of, dict(problem=DEEP)),
    "Shrinkage": (deep.Shrinkage, dict(constant=0.1, factors=3, samples=10)),
    "Shrinkage.minimize": (deep.shrinkage_of(DEEP).minimize, dict(g=[1.0])),
    "Shrinkage.branches": (deep.shrinkage_of(DEEP).branches, dict(g=1.0)),
    "Shrinkage.with_bias": (deep.shrinkage_of(DEEP).with_bias, dict(lambda_b=1.0)),
    "encoding_for": (design.encoding_for, dict(
        gram=np.eye(3), counts=[1, 2, 3], **LAMBDAS, code_length=3, class_names=["a", "b", "c"], tolerance=1e-9,
        features="linear", depth=1,
    )),
    "Design.save": (design.encoding_for(np.eye(2), counts=3, **LAMBDAS).save, dict(path="no/where.csv")),
    "for_cosine": (design.for_cosine, dict(problem=PROBLEM, cosine=-0.1, vary="lambda_b")),
    "simplex_gram": (design.simplex_gram, dict(classes=3)),
    "orthogonal_gram": (design.orthogonal_gram, dict(classes=3)),
    "path_gram": (design.path_gram, dict(classes=3)),
    "scaled_gram": (design.scaled_gram, dict(gram=np.eye(2), scale=2.0)),
    "natural_scale": (design.natural_scale, dict(counts=[1, 2], lambda_w=1e-2, lambda_h=1e-2, classes=2, depth=2)),
    "centred_gram": (design.centred_gram, dict(gram=np.eye(2), counts=[1, 2])),
    "hierarchy_gram": (design.hierarchy_gram, dict(tree=["a", "b"])),
    "read_hierarchy": (design.read_hierarchy, dict(path="no.json")),
    "onehot": (encodings.onehot, dict(classes=3)),
    "signed": (encodings.signed, dict(classes=3)),
    "simplex": (encodings.simplex, dict(classes=3)),
    "smoothed": (encodings.smoothed, dict(classes=3, alpha=0.1)),
    "affine": (encodings.affine, dict(classes=3, a=1.0, q=0.5)),
    "binary": (encodings.binary, dict(classes=3)),
    "ordinal": (encodings.ordinal, dict(classes=3)),
    "hadamard": (encodings.hadamard, dict(classes=4)),
    "thermometer": (encodings.thermometer, dict(classes=3)),
    "ecoc": (encodings.ecoc, dict(classes=3, length=5, seed=0)),
    "gaussian": (encodings.gaussian, dict(classes=3, length=5, seed=0)),
    "from_array": (encodings.from_array, dict(codes=np.eye(3))),
    "from_file": (encodings.from_file, dict(path="no.csv")),
    "ArrayEncoding": (encodings.ArrayEncoding, dict(codes=np.eye(3))),
    "get": (encodings.get, dict(name="onehot")),
    "make": (encodings.make, dict(spec="ecoc:5", classes=3, seed=0)),
    "register": (encodings.register, dict(name="onehot", factory=encodings.onehot, summary="", aliases=("one-hot",))),
    "check": (verify.check, dict(problem="x", starts=1, seed=0)),
    "starts of check": (verify.check, dict(problem=PROBLEM, starts=0, seed=0)),
    "descend": (descend, dict(
        problem=PROBLEM, method="lbfgs", seed=0, dim=3, tolerance=0.5, max_steps=1, backend="numpy", device=None,
        start=None,
    )),
    "multi_start": (verify.multi_start, dict(problem=PROBLEM, seeds=[0], method="lbfgs", max_steps=1)),
    "examine": (verify.examine, dict(problem=PROBLEM, point=POINT)),
    "zero_point": (verify.zero_point, dict(problem=PROBLEM, dim=2)),
    "confined_critical_point": (verify.confined_critical_point, dict(problem=PROBLEM, rank=1, seed=0)),
    "leave": (verify.leave, dict(problem=PROBLEM, critical=None, length=1e-2, seed=0)),
    "solve_convex": (verify.solve_convex, dict(problem="x", solver="clarabel")),
    "solver of solve_convex": (verify.solve_convex, dict(problem=PROBLEM, solver="x")),
    "select": (verify.select, dict(only=("simplex-etf",), source=None)),
    "run_claims": (verify.run_claims, dict(claims=(), size="quick", workers=1)),
    "gram_matrix": (plots.gram_matrix, dict(minimizer=None)),
    "spectrum": (plots.spectrum, dict(minimizer=None)),
    "minimizer_figure": (plots.minimizer_figure, dict(minimizer=None)),
    "gram_figure": (plots.gram_figure, dict(minimizers=None, titles=None)),
    "cosine_curves": (plots.cosine_curves, dict(path=None, measured=())),
    "measured points": (plots.cosine_curves, dict(path=ALONG, measured=())),
    "gap_bar": (plots.gap_bar, dict(measurement=None)),
    "gap_curves": (plots.gap_curves, dict(measurements=None, x=None)),
    "gap_curves at": (plots.gap_curves, dict(measurements=[MEASURED], x=[1.0, 2.0])),
    "measured_cosines": (plots.measured_cosines, dict(measurement=None)),
    "measured_lengths": (plots.measured_lengths, dict(measurement=None)),
    "measured_spectrum": (plots.measured_spectrum, dict(measurement=None)),
    "measurement_figure": (plots.measurement_figure, dict(measurement=None)),
    "bias_curves": (plots.bias_curves, dict(path=None)),
    "nc_curves": (plots.nc_curves, dict(path=None)),
    "singular_value_curves": (plots.singular_value_curves, dict(path=None)),
    "path_figure": (plots.path_figure, dict(path=None, measured=())),
    "path_gram_figure": (plots.path_gram_figure, dict(path=None)),
    "compared_cosines": (plots.compared_cosines, dict(paths=None)),
    "comparison_figure": (plots.comparison_figure, dict(comparison=None)),
    "phase_diagram": (plots.phase_diagram, dict(phase=None)),
    "phase_figure": (plots.phase_figure, dict(phase=None)),
    "descent_figure": (plots.descent_figure, dict(runs=None, minimizer=FOUND)),
    "problem_descents": (plots.problem_descents, dict(problem=None)),
    "save_figure": (plots.save_figure, dict(figure=None, path="a.svg")),
    "check_figure_output": (plots.check_figure_output, dict(path="no/where.svg")),
    "explorer_page": (explorer.explorer_page, dict(problem=None)),
    "write_explorer": (explorer.write_explorer, dict(problem=None, path="no/where.html")),
    "report_html": (report.report_html, dict(problem=None)),
    "write_report": (report.write_report, dict(problem=None, path="no/where.html")),
}
