"""Tests of ncsolve.torch; skipped where torch is not installed."""
