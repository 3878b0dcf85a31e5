"""Numbers as they are printed, and exact ones as certificates (T12) need them.

Stands on nothing.
"""
