"""Arguments from outside, typed numbers among them: of the right kind, or one line that says what to give; stands on
the errors alone."""
