"""One HTML document for one problem; it needs the packages of the extra ``report``.

Puts together what others say: sentences (``_words``), pictures (``plots``), the theorem that was used with its
derivation, ``verify.check`` and a certificate (T12).
"""

from ncsolve.report._document import report_html, write_report

__all__ = ["report_html", "write_report"]
