"""The models, one folder each: from a problem to the frame of its minimizer."""
