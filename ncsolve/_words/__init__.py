"""A result in sentences, one set for the command line, reports and pictures; prints nothing."""
