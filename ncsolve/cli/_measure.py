"""``ncsolve measure``: what geometry a trained network took, and whether it is the predicted one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ncsolve.cli._options import FILE, argument, command, file_option, flag, whole
from ncsolve.cli._problem_options import ProblemArguments, files_of, problem_options

__all__ = ["measure"]


def _decay(name: str, metavar: str, help: str) -> Callable[..., Any]:
    return click.option(name, metavar=metavar, default=None, help=help)


@command()
@argument(
    "files", metavar="FILE...", type=FILE, nargs=-1,
    about="Features: .npz with arrays features (n, d), labels, and if you have them W (m, d) and b (m,); .npy (n, d) "
    "beside --labels; .parquet with a column for every dimension and one of labels; or folders of such files.",
)
@problem_options(
    without=("problem", "per_class", "counts"),
    classes=click.option(
        "--classes", "-k", metavar="K", type=whole, default=None,
        help="Number of classes, where not all have samples: labels are then the numbers from 0.  [default: columns of "
        "the codes, rows of the head, or classes in the labels]",
    ),
    labels=file_option(
        "--labels", help="Labels of the rows, in the order of the files: .csv, .tsv, .txt, .npy, .npz, .parquet, or - "
        "for standard input (docs/reference/files.md has the rules).",
    ),
    label_column=click.option(
        "--label-column", metavar="NAME", default=None,
        help="Column with the labels, of the file of labels or of .parquet files.  [default: label]",
    ),
    header=click.option(
        "--header/--no-header", default=None,
        help="Whether line 1 of the files of labels and codes is a header.  [default: told by the file]",
    ),
    order=click.option(
        "--order", metavar="NAME,NAME,...", default=None,
        help="Classes in the order of the codes or of the head's rows; also those without samples.  [default: as "
        "numbers, or as text]",
    ),
    dim=click.option("--dim", type=whole, default=None, hidden=True),  # refused in words
    depth=click.option("--depth", type=whole, default=None, hidden=True),
    lambda_w=_decay("--lambda-w", "X", "Weight decay of the head W that the network was trained with."),
    lambda_h=_decay(
        "--lambda-h", "X|balance|norm",
        "Weight decay of the features H; or estimated: balance is lambda_w |W|^2 / |H|^2, norm makes the predicted "
        "features as long as the measured.",
    ),
    lambda_b=_decay(
        "--lambda-b", "X", "Weight decay of the bias: 0 is a free bias, inf is no bias.  [default: inf if the head has "
        "no bias]",
    ),
)
@click.option(
    "--head", metavar="FILE|W.npy,b.npy", default=None,
    help="The last layer: W.npy, W.npy,b.npy, a .npz with W and b, a .safetensors file, or a checkpoint of torch.",
)
@click.option("--head-name", metavar="NAME", default=None, help="Name of the last layer in it, as fc in fc.weight.")
@click.option(
    "--previous-features", type=FILE, multiple=True, metavar="FILE|FOLDER",
    help="Features z below a linear last hidden layer h = V z + c, whose rows are those of FILE: measure the last two "
    "layers under plain weight decay, which penalizes no features.  V and c are arrays of the files, or fitted.",
)
@_decay("--lambda-v", "X", "Weight decay of the last hidden layer V, with --previous-features.")
@_decay("--lambda-c", "X", "That of its bias c; inf is no bias.  [default: --lambda-v]")
@click.option(
    "--samples", metavar="N", type=whole, default=None,
    help="Size of the training set, where these are a part of it.",
)
@click.option(
    "--scatter", metavar="KIND", default="full",
    help="What is kept of the scatter: full (d x d), projected by the head (m x d, no NC1 ratio), or trace (geometry "
    "only).",
)
@flag("--held-out", help="These are not the training data: geometry only.")
@flag("--nc4", help="Read the features once more: in which share of them nearest class mean and head agree.")
@click.option("--gap-tolerance", metavar="X", default="0.01", help="Gap over the minimum that is called small.")
@click.option(
    "--stationarity-tolerance", metavar="X", default="0.01", help="Slope over weight decay of the head that is called "
    "small.",
)
@flag("--merge", help="The files are statistics that --save wrote, of parts of the data; measure all of it.")
@click.option(
    "--dask", metavar="SCHEDULER", default=None,
    help="Read every file in a task of Dask: threads, processes, or the address of a scheduler, as tcp://HOST:8786.",
)
@file_option("--save", metavar="STATE.npz", help="Save the statistic, for --merge or ncsolve.FeatureStatistics.load.")
@flag("--json", "as_json", help="Print JSON (schema ncsolve.measurement/1; of two layers "
      "ncsolve.last-layers-measurement/1).")
@file_option("--plot", help="Save measured and predicted Gram matrix, spectrum and gap: .png, .svg or .pdf.")
@file_option("--report", metavar="FILE.html", help="Save one document: the measurement, its pictures, and the report "
             "on its problem.")
@flag("--force", help="Overwrite the files of --save, --plot and --report.")
def measure(
    *, files: tuple[Path, ...], given: ProblemArguments, head: str | None, head_name: str | None, samples: int | None,
    scatter: str, held_out: bool, nc4: bool, gap_tolerance: str, stationarity_tolerance: str, merge: bool,
    dask: str | None, previous_features: tuple[Path, ...], lambda_v: str | None, lambda_c: str | None,
    save: Path | None, as_json: bool, plot: Path | None, report: Path | None, force: bool,
) -> None:
    """Measure a trained network: what geometry it took, whether it is the predicted one, and if not, what fails.

    The first sentence is the verdict.  Without a head or without weight
    decays there is no prediction, and the geometry alone is measured.

    \b
    Examples:
      ncsolve measure features.npz --lambda-w 5e-3 --lambda-h 5e-4 --lambda-b 0.5
      ncsolve measure shards/ --labels labels.npy --head fc.safetensors --lambda-w 5e-4 --lambda-h norm --lambda-b 0
      ncsolve measure --merge state1.npz state2.npz --lambda-w 5e-4 --lambda-h norm --lambda-b 0.1
      ncsolve measure test.npz --held-out
      ncsolve measure features.npz --previous-features z.npz --lambda-w 5e-4 --lambda-v 5e-4 --lambda-b 0
    """
    from ncsolve._files.check_output import check_different
    from ncsolve._measure.state_file import check_state_output
    from ncsolve.cli._measure_request import MeasureArguments, measured
    from ncsolve.cli._written import check_pictures, draw
    from ncsolve.errors import ProblemError

    if len(previous_features) > 1:
        raise ProblemError(f"--previous-features is one file or folder; got {len(previous_features)}, put the files "
                           "of all rows in a folder")
    check_different(
        {"--save": save, "--plot": plot, "--report": report},
        (*files_of(given), *files, *previous_features, *(head or "").split(",")),
    )
    if save is not None:
        check_state_output(save, force=force)
    check_pictures(plot, force=force)
    if report is not None:
        from ncsolve.report._document import check_report_output

        check_report_output(report, force=force)
    asked = MeasureArguments(
        files=files, merge=merge, given=given, head=head, head_name=head_name, samples=samples, scatter=scatter,
        held_out=held_out, nc4=nc4, gap_tolerance=gap_tolerance, stationarity_tolerance=stationarity_tolerance,
        beside=next((name for name, file in (("--plot", plot), ("--report", report)) if file is not None), None),
        dask=dask, previous=next(iter(previous_features), None), lambda_v=lambda_v, lambda_c=lambda_c, save=save,
    )
    if previous_features:
        from ncsolve.cli._measure_layers import show_layers

        show_layers(asked, as_json=as_json)
        return
    found = measured(asked)
    if save is not None:
        found.statistics.save(save, force=force)
    draw(plot, "measurement_figure", found.measurement, force=force)
    if report is not None and found.measurement is not None:
        from ncsolve.report import write_report

        write_report(
            found.measurement, report, convention=found.convention, lambdas=found.lambdas, verify=False, force=force
        )
    if as_json:
        from ncsolve.cli._output import say_json

        say_json(found.document())
        return
    from ncsolve.cli._describe_measurement import describe_measurement

    describe_measurement(found, save, plot, report)
