"""The metric UFM (T15): the last two layers under plain weight decay, given second moments of the features below.

Convex in A = W (V, c): in closed form where the moments are aligned with the labels, else by Newton's method on
factors of A, which stops on the duality gap.
"""
