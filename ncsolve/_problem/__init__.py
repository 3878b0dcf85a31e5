"""The problem (T0): codes, counts, lambdas, conventions, and the ways to describe one; knows no theorem."""
