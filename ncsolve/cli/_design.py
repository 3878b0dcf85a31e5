"""``ncsolve design``: the encoding, or the one number, that gives a wanted geometry."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from ncsolve.checks.parse import parse_float
from ncsolve.cli._options import SPEC_OR_FILE, command, file_option, flag, whole
from ncsolve.cli._output import say
from ncsolve.cli._problem_options import ProblemArguments, files_of, problem_options
from ncsolve.cli._request import request, told_header
from ncsolve.cli._tables import show_facts
from ncsolve.cli._written import conclude
from ncsolve.errors import ProblemError

__all__ = ["design"]

_NUMBER = "a number such as 0.25"


@command()
@click.option(
    "--geometry", "-g", metavar="SPEC|FILE", type=SPEC_OR_FILE,
    help="Wanted class means: simplex, orthogonal, path (ordered classes), hierarchy:tree.json, or a .csv, "
    ".txt or .npy file with their Gram matrix (K x K).",
)
@click.option("--target-cosine", metavar="C", help="Instead: find the one number that gives class means this cosine.")
@click.option("--vary", metavar="NAME", help="That number: lambda_b, alpha or weight-decay.  [default: lambda_b]")
@click.option(
    "--encoding", "-e", metavar="SPEC|FILE", type=SPEC_OR_FILE, help="Codes for --target-cosine.  [default: onehot]"
)
@click.option(
    "--scale", metavar="X",
    help="Mean squared length of the class means.  [default: a file's own, else near that of one-hot codes]",
)
@click.option("--code-length", "-m", metavar="M", type=whole, help="Length of the codes.  [default: K]")
@flag("--centre", help="Take the mean, weighted by the counts, out of the target (for lambda_b = 0).")
@problem_options(without=("encoding", "dim"))
@click.option("--tolerance", metavar="X", help="Largest relative error of the Gram matrix.  [default: 1e-12]")
@flag("--json", "as_json", help="Print JSON (schema ncsolve.design/1 or ncsolve.inverse/1).")
@file_option("--out", "-o", help="Write the codes to a .csv or .npy file.")
@file_option(
    "--certificate", metavar="FILE.json",
    help="Write a proof, for 'ncsolve check', that the forward problem's loss is the global minimum.",
)
@flag("--force", help="Overwrite the --out and --certificate files.")
def design(
    *, geometry: str | None, target_cosine: str | None, vary: str | None, encoding: str | None, scale: str | None,
    code_length: int | None, centre: bool, given: ProblemArguments, tolerance: str | None, as_json: bool,
    out: Path | None, certificate: Path | None, force: bool,
) -> None:
    """Design a label encoding, or find one number, that makes the global minimizer have a wanted geometry.

    \b
    Examples:
      ncsolve design --geometry simplex --counts 5000,500,50 --lambda-b 0.5 --out encoding.csv
      ncsolve design --geometry hierarchy:tree.json --per-class 100 --code-length 12
      ncsolve design --geometry gram.csv --counts 5,20,1,10 --lambda-b inf --json
      ncsolve design --geometry orthogonal --counts 5000,500,50 --features relu
      ncsolve design --geometry simplex --counts 5000,500,50 --depth 3 --lambda-b inf --scale 0.1
      ncsolve design --target-cosine -0.05 --vary lambda_b
    """
    if (geometry is None) == (target_cosine is None):
        raise ProblemError("design needs either --geometry (an encoding) or --target-cosine (one number)")
    if target_cosine is not None:
        _refuse(
            "--geometry",
            {"--scale": scale, "--code-length": code_length, "--centre": centre or None, "--tolerance": tolerance,
             "--out": out, "--certificate": certificate},
        )
        cosine = parse_float("--target-cosine", target_cosine, _NUMBER)
        _one_number(cosine, vary or "lambda_b", as_json, replace(given, encoding=encoding))
        return
    _refuse("--target-cosine", {"--vary": vary, "--encoding": encoding})
    assert geometry is not None
    length = None if scale is None else parse_float("--scale", scale, _NUMBER)
    error = None if tolerance is None else parse_float("--tolerance", tolerance, _NUMBER)
    _encoding(geometry, length, code_length, centre, error, as_json, out, certificate, force, given)


def _refuse(partner: str, given: dict[str, object]) -> None:
    for name, value in given.items():
        if value is not None:
            raise ProblemError(f"{name} goes with {partner}; drop one of the two")


def _encoding(
    spec: str, scale: float | None, code_length: int | None, centre: bool, tolerance: float | None, as_json: bool,
    out: Path | None, certificate: Path | None, force: bool, typed: ProblemArguments,
) -> None:
    from ncsolve import design as library
    from ncsolve._documents.design import design_document
    from ncsolve._files.check_output import check_different, check_output
    from ncsolve._files.reading.kinds import names_a_file
    from ncsolve._models.registry import model_of
    from ncsolve._words.design import design_description
    from ncsolve.cli._geometry import parse_geometry
    from ncsolve.design._design import TOLERANCE
    from ncsolve.design._files import ENDINGS

    check_different({"--out": out, "--certificate": certificate}, (*files_of(typed), spec))
    if out is not None:
        check_output(out, ENDINGS, force=force)
    if certificate is not None:
        check_output(certificate, (".json",), force=force)
    if tolerance is not None and not tolerance > 0.0:
        raise ProblemError(f"--tolerance must be positive; got {tolerance:g}")
    geometry = parse_geometry(spec, header=told_header(typed))
    sources = (typed.problem, typed.classes, typed.counts, typed.labels)
    if geometry.classes is not None and all(source is None for source in sources):
        typed = replace(typed, classes=geometry.classes)
    asked = request(replace(typed, encoding="onehot"), files=names_a_file(spec))  # for the counts and the lambdas
    if geometry.read is not None:
        asked = replace(asked, samples=replace(asked.samples, read=(*asked.samples.read, geometry.read)))
    given = asked.problem
    target = geometry.for_classes(given.classes, given.class_names)
    length = given.classes if code_length is None else code_length
    w, h, b = asked.convention.to_paper(given.samples, max(length, 1), *asked.lambdas)
    if scale is None and geometry.unit:
        scale = library.natural_scale(given.counts.array, w, h, given.classes, depth=given.depth)
    if centre:
        target = library.centred_gram(target, given.counts.array)
    if scale is not None:
        target = library.scaled_gram(target, scale)
    # The layers' weight decay in the convention that goes with this length of the codes.
    layers = tuple(x * (w / given.lambda_w) for x in given.lambda_w_layers)
    found = library.encoding_for(
        target, counts=given.counts, lambda_w=w if len(set(layers)) == 1 else layers, lambda_h=h, lambda_b=b,
        code_length=code_length, class_names=given.class_names or geometry.names,
        tolerance=TOLERANCE if tolerance is None else tolerance, loss=given.loss,
        features=given.features, depth=given.depth,
    )
    problem = found.minimizer.problem
    if given.dim is not None and given.dim < problem.feature_dim:
        need = model_of(problem).least_dim(problem, found.minimizer.frame)
        if given.dim < need:
            raise ProblemError(
                f"the features need as many dimensions as the wanted class means, {need}; {typed.problem} has dim: "
                f"{given.dim}, write {need} or more there, or nothing"
            )
    proof = None
    if certificate is not None:
        from ncsolve.cli._certify import certificate_as_typed

        proof = certificate_as_typed(found.minimizer, asked)  # may fail: before the codes are written
        proof.save(certificate, force=force)
    if out is not None:
        found.save(out, force=force)
    document = None
    if as_json:
        document = design_document(found, geometry=spec, convention=asked.convention, lambdas=asked.lambdas)

    def describe() -> None:
        show_facts(design_description(found, geometry.words, asked.convention, asked.lambdas, proof))
        if saved := [str(path) for path in (out, certificate) if path is not None]:
            say("\nsaved " + " and ".join(saved))

    conclude(asked, document, describe)


def _one_number(cosine: float, vary: str, as_json: bool, typed: ProblemArguments) -> None:
    from ncsolve._documents.design import inverse_document
    from ncsolve._words.design import inverse_description
    from ncsolve.design import for_cosine

    asked = request(typed)
    found = for_cosine(asked.problem, cosine, vary=vary)
    w, h, b = asked.lambdas
    size = (asked.problem.samples, asked.problem.code_length)
    if vary == "lambda_b":
        b = asked.convention.lambda_b_from_paper(*size, found.value)
    elif vary == "weight-decay":
        w, h = w * found.value, h * found.value
    document = inverse_document(found, convention=asked.convention, lambdas=(w, h, b)) if as_json else None
    conclude(asked, document, lambda: show_facts(inverse_description(found, asked.convention, (w, h, b))))
