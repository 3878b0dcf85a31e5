"""Files of labels and codes: one reader for each, with written rules (docs/files.md), that says what it read."""
