"""Arguments from outside: of the right kind, or one line that says what to give; stands on the errors alone."""
