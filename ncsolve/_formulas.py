"""The closed forms of the theorems, as plain functions of floats and arrays.

T = N sqrt(lambda_w lambda_h) is the threshold, tau = T/N, and t = T/sqrt(n) the threshold in the unit sqrt(n) of
the balanced affine one-hot family a I + q J, with w = a + K q.  0 <= lambda_b < inf unless a function says more.
"""

from math import sqrt

import numpy as np


def weight_scale(lambda_w, lambda_h):
    """T2: the classifier is W = weight_scale U z^(1/2) R^T."""
    return (lambda_h / lambda_w) ** 0.25


def feature_scale(lambda_w, lambda_h):
    """T2: the class means are feature_scale R z^(1/2) V^T D^(-1/2)."""
    return (lambda_w / lambda_h) ** 0.25


def soft_threshold(sigma, T):
    """T3: singular value of Z over a singular value sigma of M - b u^T (arrays)."""
    return np.maximum(sigma - T, 0.0)


def residual_singular_value(sigma, T):
    """T3: singular value of the residual M - b u^T - Z (arrays)."""
    return np.minimum(sigma, T)


def fit_loss(residual_square, N):
    """T3: the fit term, from the sum of squares of the residual's singular values."""
    return residual_square / (2 * N)


def penalty_loss(nuclear_norm, tau):
    """T2: the weight term, and the feature term, which are equal."""
    return tau * nuclear_norm / 2


def bias_loss(bias_square, lambda_b):
    """T0: the bias term."""
    return lambda_b * bias_square / 2


def zero_scatter_bias_fraction(mean_root, lambda_b):
    """T4 with s = 0: b/mu outside the complete centring regime; mean_root = sqrt(N) |mu| / T."""
    return 1 / (lambda_b * mean_root)


def eigenvector_ratio_equation(x, scatter, mean_square, lambda_b):
    """T4: x = b/c solves this = 0; scatter = s/T^2, mean_square = N |mu|^2 / T^2."""
    return lambda_b**2 * x**2 * (scatter + mean_square / (1 + x) ** 2) - 1


def affine_perp_singular_value(a, t):
    """T5: s_perp, K-1 times, in units of sqrt(n)."""
    return max(abs(a) - t, 0.0)


def affine_bias_fraction(w, t, lambda_b):
    """T5: beta = b/mu."""
    if lambda_b * (abs(w) - t) <= t:
        return 1 / (1 + lambda_b)
    return t / (lambda_b * abs(w))


def affine_mean_singular_value(w, t, lambda_b):
    """T5: s_mu, once, in units of sqrt(n)."""
    if lambda_b * (abs(w) - t) <= t:
        return 0.0
    return abs(w) - t - t / lambda_b


def affine_mean_residual(w, t, lambda_b):
    """T5: the mean direction's singular value of the residual, in units of sqrt(n)."""
    if lambda_b * (abs(w) - t) <= t:
        return abs(w) * lambda_b / (1 + lambda_b)
    return t


def affine_threshold(w, t):
    """T5: lb*, where complete centring ends (for t < |w|)."""
    return t / (abs(w) - t)


def affine_orthogonal_lambda_b(a, w, t):
    """T5: the finite lambda_b at which the class means are orthogonal (for t < |a| < |w|)."""
    return t / (abs(w) - abs(a))


def affine_cosine(s_perp, s_mu, K):
    """T5: cosine between class means."""
    return (s_mu - s_perp) / (s_mu + (K - 1) * s_perp)


def large_bias_gram_shift(lambda_w, lambda_b):
    """T5b: what the bias takes from every inner product of class means."""
    return lambda_w / lambda_b


def large_bias_loss_drop(N, lambda_w, lambda_h, lambda_b):
    """T5b: what the bias takes from the loss."""
    return N * lambda_w * lambda_h / (2 * lambda_b)


def imbalanced_squared_length(n, T, lambda_w, lambda_h):
    """T6, lambda_b = inf: squared length of the mean of a class of n samples (arrays)."""
    return sqrt(lambda_w / lambda_h) * np.maximum(np.sqrt(n) - T, 0.0) / n


def imbalanced_bias(n, tau, lambda_b):
    """T5b for one-hot codes: the bias of a class of n samples (arrays)."""
    return tau * np.sqrt(n) / lambda_b


def imbalanced_threshold_term(n, T, tau):
    """T5b for one-hot codes: a class's share of lb+ (arrays)."""
    return tau * n / (np.sqrt(n) - T)
