"""The bias of the coupled block: theorems that give it, and the bias equation where none does.

Takes a label spectrum (``_spectrum``) and knows no problem.  ``theorems.py`` chooses among T4, T5b and the ends of T3;
``equation.py`` solves the bias equation of T3 by Newton's method, from ``start.py`` or along lambda_b.
"""
