"""The explorer: a problem as one page for the browser, where sliders move the class means."""

from ncsolve.explorer._page import explorer_page, write_explorer

__all__ = ["explorer_page", "write_explorer"]
