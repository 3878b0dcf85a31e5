"""Threads and processes that share work, and that leave nothing behind.

Stands on Python and threadpoolctl, so that verify can use it too; knows no theorem.
"""
