"""Arguments from outside, typed numbers among them: of the right kind, or one line that says what to give.

Stands on the errors and the types of arrays alone, so that verify and derivations can use it too; knows no theorem.
"""
