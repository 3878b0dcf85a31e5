"""Pictures of paths, frames, phase diagrams, descents and measured networks, one look for all; they need matplotlib
(``ncsolve[plot]``).

Functions that take ``ax`` draw one panel in it (or in new axes) and return it; functions called ``..._figure`` return a
whole matplotlib figure, which ``save_figure`` writes.  Stands on the results; evaluates no theorem.
"""

from ncsolve.plots._comparison import comparison_figure
from ncsolve.plots._curves import (
    bias_curves,
    compared_cosines,
    cosine_curves,
    nc_curves,
    path_figure,
    path_gram_figure,
    singular_value_curves,
)
from ncsolve.plots._descent import descent_figure, problem_descents
from ncsolve.plots._frame import gram_figure, gram_matrix, minimizer_figure, spectrum
from ncsolve.plots._gap import gap_bar, gap_curves
from ncsolve.plots._measurement import measured_cosines, measured_lengths, measured_spectrum, measurement_figure
from ncsolve.plots._phase import phase_diagram, phase_figure
from ncsolve.plots._save import FIGURE_ENDINGS, check_figure_output, save_figure
from ncsolve.plots._style import new_figure

__all__ = [
    "FIGURE_ENDINGS", "bias_curves", "check_figure_output", "compared_cosines", "comparison_figure", "cosine_curves",
    "descent_figure", "gap_bar", "gap_curves", "gram_figure", "gram_matrix", "measured_cosines", "measured_lengths",
    "measured_spectrum", "measurement_figure", "minimizer_figure", "nc_curves", "new_figure", "path_figure",
    "path_gram_figure", "phase_diagram", "phase_figure", "problem_descents", "save_figure", "singular_value_curves",
    "spectrum",
]
