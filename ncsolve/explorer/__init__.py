"""The explorer: a problem as one page for the browser, where sliders move the class means.

Balanced codes a I + q J are evaluated in the page by the ``law.js`` of their model (T5, T8, T9, T10) and by formulas
that the derivations generate; any other problem is solved here on a grid.  Stands on the models and on ``solve``.
"""

from ncsolve.explorer._page import explorer_page, write_explorer

__all__ = ["explorer_page", "write_explorer"]
