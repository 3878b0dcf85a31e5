"""Tests of the cross-entropy model: its convex core."""
