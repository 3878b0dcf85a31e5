"""Metrics of neural collapse on features as they are."""
