"""``ncsolve certify`` and ``ncsolve check``: certificates, with the numbers exactly as they were typed."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from ncsolve.cli._named_files import Rows
from ncsolve.cli._options import FILE, argument, command, file_option, flag, whole
from ncsolve.cli._output import say
from ncsolve.cli._problem_options import ProblemArguments, files_of, problem_options
from ncsolve.cli._read_words import say_read
from ncsolve.cli._request import Request, request
from ncsolve.errors import FileError, ProblemError

if TYPE_CHECKING:
    from ncsolve._minimizer.minimizer import Minimizer
    from ncsolve.certificates import Certificate
    from ncsolve.checks.exact import Exact

__all__ = ["certificate_as_typed", "certify", "check"]


@command()
@problem_options()
@click.option(
    "--digits", metavar="D", type=whole, default=10, help="Relative gap of at most 1e-D; beyond 10 in high precision."
)
@file_option("--out", "-o", metavar="FILE.json", help="Write the certificate here, not to stdout.")
@flag("--force", help="Overwrite the --out file.")
def certify(*, given: ProblemArguments, digits: int, out: Path | None, force: bool) -> None:
    """Prove that a loss is the global minimum, in exact rational arithmetic.

    Numbers mean what they say: 5e-4 is 1/2000, which may be
    typed as well.  The minimum is proved exactly where it is rational, else
    enclosed, as it always is under cross-entropy.  'ncsolve check' needs nothing but the file that this writes.

    \b
    Examples:
      ncsolve certify --encoding onehot --lambda-b 0.5 -o cert.json
      ncsolve certify --counts 400,100,9,1 --lambda-b inf --digits 50 -o cert.json
      ncsolve certify --features relu --lambda-b 0.5 -o cert.json
      ncsolve certify --loss cross-entropy --counts 400,100,9,1 -o cert.json
    """
    from ncsolve._files.check_output import check_different
    from ncsolve._files.write_whole import check_free
    from ncsolve._minimizer.solve import solve

    if out is not None:  # before the work, not after it
        check_different({"--out": out}, files_of(given))
        check_free(out, force=force)
    asked = request(given)
    say_read(asked, err=out is None)
    found = certificate_as_typed(solve(asked.problem), asked, digits=digits)
    if out is None:
        say(found.to_bytes().decode("ascii"), nl=False)
    else:
        found.save(out, force=force)
    result = found.check()
    for line in result.lines:
        say(line, err=out is None)  # stdout has the certificate
    if not result.holds:  # a mistake in this program
        raise Exit(1)
    if asked.convention.name != "paper":
        scale = asked.convention.factors(Fraction(asked.problem.samples), Fraction(asked.problem.code_length))[3]
        note = "" if scale == 1 else f"; the loss in {asked.convention.name} is {scale} times as large"
        say(f"numbers are in the convention paper{note}", err=out is None)
    if out is not None:
        say(f"saved {out}; check it with: ncsolve check {out}")


@command()
@argument("file", metavar="FILE.json", type=FILE, about="A certificate.")
@flag("--source", help="Print the stand-alone checker, to read it or to run it elsewhere.")
@click.option(
    "--features", metavar="KIND",
    help="With --source: linear, or relu for a checker that takes the certificates of both.  [default: linear]",
)
@click.option(
    "--loss", metavar="NAME",
    help="With --source: mse, or cross-entropy for a checker that takes the certificates of both.  [default: mse]",
)
def check(*, file: Path | None, source: bool, features: str | None, loss: str | None) -> None:
    """Check a certificate with integers and fractions only; exit 0 if it holds, 1 if its evidence does not.

    \b
    Examples:
      ncsolve check cert.json
      ncsolve check --source > checker.py && python -I -S checker.py cert.json
    """
    for option, value in (("--features", features), ("--loss", loss)):
        if value is not None and not source:
            raise ProblemError(f"{option} says which checker --source prints; a file says what it is about, drop it")
    if source and file is not None:
        raise ProblemError(f"--source prints the checker and checks nothing; got {file} beside it, drop one of them")
    if source:
        from ncsolve._problem.losses import check_loss
        from ncsolve._problem.model_spec import FEATURES, check_features
        from ncsolve.certificates._source import checker_source

        relu = FEATURES[check_features(features or "linear")].nonnegative
        entropy = check_loss(loss or "mse") == "cross-entropy"
        if relu and entropy:
            raise ProblemError(
                "certificates under cross-entropy are for linear features; got --features relu beside --loss "
                "cross-entropy, drop one of them"
            )
        say(checker_source(relu=relu, cross_entropy=entropy), nl=False)
        return
    from ncsolve.certificates._check import check_file

    if file is None:
        raise FileError("name the certificate to check, as in 'ncsolve check cert.json'")
    result = check_file(file)
    say("\n".join(result.lines), err=not result.holds)
    if not result.holds:
        raise Exit(1)


def certificate_as_typed(minimizer: Minimizer, asked: Request, *, digits: int = 10) -> Certificate:
    """The certificate of a minimizer whose encoding and lambdas (of a convention) are exactly what was typed."""
    from ncsolve._models.open_problems import check_one_layer
    from ncsolve.certificates import certify as certify_minimizer
    from ncsolve.checks.exact import exact_number

    problem = minimizer.problem
    check_one_layer(problem, "a certificate")  # before one number is asked of several layers' weight decays
    w, h, b, _ = asked.convention.factors(Fraction(problem.samples), Fraction(problem.code_length))
    text_w, text_h, text_b = asked.texts
    infinite = problem.lambda_b == float("inf")
    return certify_minimizer(
        minimizer, digits=digits, lambda_w=exact_number("--lambda-w", text_w) * w,
        lambda_h=exact_number("--lambda-h", text_h) * h,
        lambda_b=None if infinite and "inf" in text_b.lower() else exact_number("--lambda-b", text_b) * b,
        codes=_codes_as_typed(asked.encoding, problem.classes),
    )


def _codes_as_typed(spec: str | Rows, classes: int) -> list[list[Exact]] | None:
    """Exact codes, one row an output, of an encoding with decimal parameters or of a text file; None for others."""
    from ncsolve import encodings
    from ncsolve._files.reading.kinds import names_a_file
    from ncsolve.certificates._exact_problem import affine_codes
    from ncsolve.checks.exact import exact_number

    if isinstance(spec, tuple):
        return [list(row) for row in spec]
    if names_a_file(spec):  # of doubles
        return None
    name, _, rest = spec.partition(":")
    kind = encodings.get(name.strip()).name
    numbers = [exact_number("the parameters of an encoding", text.strip()) for text in rest.split(",")] if rest else []
    if kind == "smoothed":
        alpha = numbers[0] if numbers else Fraction(1, 10)
        rows = affine_codes(classes, 1 - alpha, alpha / classes)
    elif kind == "affine":
        rows = affine_codes(classes, *numbers)
    else:
        return None
    return [list(row) for row in rows]
