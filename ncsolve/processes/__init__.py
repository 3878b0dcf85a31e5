"""Threads and processes that share work, and that leave nothing behind."""
