"""Files of labels and codes: one reader for each, with written rules (docs/reference/files.md), that says what it read.

Returns rows, names and sentences, for ``encodings`` and the command line to make codes and counts of; knows no problem.
"""
