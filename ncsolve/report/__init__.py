"""One HTML document for one problem; it needs the packages of the extra ``report``."""

from ncsolve.report._document import report_html, write_report

__all__ = ["report_html", "write_report"]
