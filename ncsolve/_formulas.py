"""The closed forms of the theorems, as plain functions of floats and arrays.

Generated from the symbolic derivations by ``python -m ncsolve.derivations --write``: edit those, not this file.

T = N sqrt(lambda_w lambda_h) is the threshold, tau = T/N, and t = T/sqrt(n) the threshold in the unit sqrt(n) of
the balanced affine one-hot family a I + q J, with w = a + K q.  0 <= lambda_b < inf unless a function says more.
"""

from math import exp, log1p, sqrt

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def weight_scale(lambda_w: float, lambda_h: float) -> float:
    """T2: the classifier is W = weight_scale U z^(1/2) R^T."""
    return sqrt(sqrt(lambda_h))/sqrt(sqrt(lambda_w))


def feature_scale(lambda_w: float, lambda_h: float) -> float:
    """T2: the class means are feature_scale R z^(1/2) V^T D^(-1/2)."""
    return sqrt(sqrt(lambda_w))/sqrt(sqrt(lambda_h))


def penalty_loss(nuclear_norm: float, tau: float) -> float:
    """T2: the weight term, and the feature term, which are equal."""
    return nuclear_norm*tau/2


def soft_threshold(sigma: Array, T: float) -> Array:
    """T3: singular value of Z over a singular value sigma of M - b u^T (arrays)."""
    value: Array = np.maximum(sigma - T, 0.0)
    return value


def residual_singular_value(sigma: Array, T: float) -> Array:
    """T3: singular value of the residual M - b u^T - Z (arrays)."""
    value: Array = np.minimum(T, sigma)
    return value


def fit_loss(residual_square: float, N: float) -> float:
    """T3: the fit term, from the sum of squares of the residual's singular values."""
    return residual_square/(2*N)


def bias_loss(bias_square: float, lambda_b: float) -> float:
    """T3: the bias term."""
    return bias_square*lambda_b/2


def zero_scatter_bias_fraction(mean_root: float, lambda_b: float) -> float:
    """T4: b/mu for s = 0 outside complete centring; mean_root = sqrt(N) |mu| / T."""
    return 1/(lambda_b*mean_root)


def eigenvector_ratio_equation(x: float, scatter: float, mean_square: float, lambda_b: float) -> float:
    """T4: x = b/c solves this = 0; scatter = s/T^2, mean_square = N |mu|^2 / T^2."""
    return (scatter + mean_square/(1 + x)**2)*(lambda_b*x)**2 - 1


def eigenvector_ratio_lower(scatter: float, mean_square: float, lambda_b: float) -> float:
    """T4: below the root x of the ratio equation."""
    return 1/(lambda_b*sqrt(mean_square + scatter))


def eigenvector_ratio_upper(lambda_b: float) -> float:
    """T4: above the root x of the ratio equation."""
    return 1/lambda_b


def affine_perp_singular_value(a: float, t: float) -> float:
    """T5: s_perp, K-1 times, in units of sqrt(n)."""
    if t < abs(a):
        return abs(a) - t
    return 0.0


def affine_bias_fraction(w: float, t: float, lambda_b: float) -> float:
    """T5: beta, where b = beta mu; also for lambda_b = inf."""
    if t >= lambda_b*(abs(w) - t):
        return 1/(1 + lambda_b)
    return t/(lambda_b*abs(w))


def affine_mean_singular_value(w: float, t: float, lambda_b: float) -> float:
    """T5: s_mu, once, in units of sqrt(n); also for lambda_b = inf."""
    if t >= lambda_b*(abs(w) - t):
        return 0.0
    return (abs(w) - t) - t/lambda_b


def affine_mean_residual(w: float, t: float, lambda_b: float) -> float:
    """T5: the residual's singular value on the mean direction, in units of sqrt(n); also for lambda_b = inf."""
    if t >= lambda_b*(abs(w) - t):
        if lambda_b <= 1:
            return lambda_b*abs(w)/(1 + lambda_b)
        return abs(w)/(1 + 1/lambda_b)
    return t


def affine_threshold(w: float, t: float) -> float:
    """T5: lambda_b*, where complete centring ends (for t < |w|)."""
    return t/(abs(w) - t)


def affine_singular_value_gap(a: float, w: float, t: float, lambda_b: float) -> float:
    """T5: s_mu - s_perp without cancellation, in units of sqrt(n); also for lambda_b = inf."""
    if t >= lambda_b*(abs(w) - t):
        if t < abs(a):
            return t - abs(a)
        return 0.0
    if t < abs(a):
        return (abs(w) - abs(a)) - t/lambda_b
    return (abs(w) - t) - t/lambda_b


def affine_gram_diagonal(s_perp: float, s_mu: float, n: float, K: float, lambda_w: float, lambda_h: float) -> float:
    """T5: squared length of a class mean."""
    return sqrt(lambda_w)*(s_mu + s_perp*(K - 1))/(K*sqrt(lambda_h)*sqrt(n))


def affine_gram_off_diagonal(gap: float, n: float, K: float, lambda_w: float, lambda_h: float) -> float:
    """T5: inner product of two class means, accurate near the orthogonal frame."""
    return gap*sqrt(lambda_w)/(K*sqrt(lambda_h)*sqrt(n))


def affine_cosine_from_gap(gap: float, s_perp: float, s_mu: float, K: float) -> float:
    """T5: cosine between class means, accurate near the orthogonal frame."""
    return gap/(s_mu + s_perp*(K - 1))


def affine_orthogonal_lambda_b(a: float, w: float, t: float) -> float:
    """T5: the finite lambda_b at which the class means are orthogonal (for t < |a| < |w|)."""
    return t/(abs(w) - abs(a))


def large_bias_threshold(tau: float, kappa: float) -> float:
    """T5b: lambda_b+, from which the law holds; kappa = v^T (P - T I)^+ v."""
    return kappa*tau


def large_bias_gram_shift(lambda_w: float, lambda_b: float) -> float:
    """T5b: what the bias takes from every inner product of class means."""
    return lambda_w/lambda_b


def large_bias_loss_drop(N: float, lambda_w: float, lambda_h: float, lambda_b: float) -> float:
    """T5b: what the bias takes from the loss."""
    return N*lambda_h*lambda_w/(2*lambda_b)


def imbalanced_bias(n: Array, tau: float, lambda_b: float) -> Array:
    """T6: the bias of a class of n samples, lambda_b >= lambda_b+ (arrays)."""
    value: Array = np.sqrt(n)*tau/lambda_b
    return value


def imbalanced_threshold_term(n: Array, T: float, tau: float) -> Array:
    """T6: a class's share of lambda_b+ (arrays)."""
    value: Array = n*tau/(np.sqrt(n) - T)
    return value


def bottleneck_transition(rise: float, live: float, t: float) -> float:
    """T8: lambda_b from which a bottleneck keeps the label mean; rise = |w| - |a| > 0, live = |a| - t > 0."""
    return (live*(live + 2*t + sqrt(4*rise*t + (live + 2*t)**2)) + 2*rise*t)/(2*rise*(2*live + rise))


def deep_constant(N: float, lambda_w: float, lambda_h: float, P: float) -> float:
    """T9: C = 2 N kappa/P; T for one layer (P = 2)."""
    return float(N*lambda_h**(1/P)*lambda_w**((P - 1)/P))


def deep_penalty(z: Array, C: float, N: float, P: float) -> Array:
    """T9: cost of a singular value z of the product (arrays)."""
    value: Array = C*P*z**(2/P)/(2*N)
    return value


def deep_layer_scale(C: float, N: float, lambda_l: float) -> float:
    """T9: singular values of a layer over z^(1/P)."""
    return sqrt(C)/(sqrt(N)*sqrt(lambda_l))


def deep_relative_penalty(C: float, g: Array, P: float) -> Array:
    """T9: c of the branch equation (arrays)."""
    value: Array = C*g**(-(2*P - 2)/P)
    return value


def deep_branch_equation(r: Array, c: Array, P: float) -> Array:
    """T9: zero on a stationary branch z = g r^P (arrays)."""
    value: Array = r**(P - 2) - c - r**(2*P - 2)
    return value


def deep_branch_slope(r: Array, P: float) -> Array:
    """T9: derivative of the branch equation by r (arrays)."""
    value: Array = r**(P - 3)*(P - 2) - r**(2*P - 3)*(2*P - 2)
    return value


def deep_threshold(C: float, P: float) -> float:
    """T9: singular value below which a direction vanishes."""
    return float((C/(((P - 2)/(P - 1))**((P - 2)/P)*(1 - (P - 2)/(P - 1))))**(P/(2*P - 2)))


def deep_existence(C: float, P: float) -> float:
    """T9: singular value below which no stationary branch exists."""
    return float((C/(((P - 2)/(2*P - 2))**((P - 2)/P)*(1 - (P - 2)/(2*P - 2))))**(P/(2*P - 2)))


def deep_jump(g_cut: float, P: float) -> float:
    """T9: z at the threshold."""
    return g_cut*(P - 2)/(P - 1)


def deep_mean_constant(C: float, lambda_b: float) -> float:
    """T9: C for the label mean; 0 < lambda_b < inf."""
    return C*(1 + lambda_b)/lambda_b


def deep_bias_fraction(w: float, s_mu: float, lambda_b: float) -> float:
    """T9: beta of b = beta mu; s_mu is z/sqrt(n) of the label mean."""
    return -(s_mu/abs(w) - 1)/(1 + lambda_b)


def deep_transition(w: float, n: float, g_cut: float, P: float) -> float:
    """T9: lambda_b at which the label mean enters, for |w| sqrt(n) > g_cut."""
    return float(1/((sqrt(n)*abs(w)/g_cut)**((2*P - 2)/P) - 1))


def relu_class_value(length: Array, N: float, lambda_w: float, lambda_h: float) -> Array:
    """T10: n_k |h_k|^2 of an orthogonal frame, length above T (arrays)."""
    value: Array = np.sqrt(lambda_w)*length/np.sqrt(lambda_h) - N*lambda_w
    return value


def relu_spread_alive(spread: float, K: float, t: float) -> float:
    """T10: above 1 where the class means are not zero."""
    return sqrt(spread)/(sqrt(K)*t)


def relu_alive_lambda_b(a: float, w: float, K: float, t: float) -> float:
    """T10: the lambda_b up to which all class means are zero, for (K-1) a^2 < K t^2 < (K-1) a^2 + w^2."""
    return sqrt(K*t**2 - a**2*(K - 1))/(abs(w) - sqrt(K*t**2 - a**2*(K - 1)))


def relu_bias_equation(
    beta: float, spread: float, n: float, K: float, lambda_w: float, lambda_h: float, lambda_b: float
) -> float:
    """T10: zero at b = beta mu of the balanced orthogonal frame."""
    return float(beta*lambda_b*sqrt(spread) - K**(3/2)*sqrt(lambda_h)*sqrt(lambda_w)*sqrt(n)*(1 - beta))


def design_core_scale(lambda_w: float, lambda_h: float) -> float:
    """T11: (Z^T Z)^(1/2) is this times D^(1/2) Q D^(1/2) for a target Gram matrix Q."""
    return sqrt(lambda_h)/sqrt(lambda_w)


def design_code_singular_value(z: Array, T: float) -> Array:
    """T11: singular value of M - b u^T over an eigenvalue z of (Z^T Z)^(1/2) (arrays)."""
    value: Array = T + z
    return value


def design_bias_scale(tau: float, lambda_b: float) -> float:
    """T11: b is this times V V^T u; 0 for lambda_b = inf."""
    return tau/lambda_b


def design_loss(N: float, tau: float, r: float, trace: float, share: float, lambda_b: float) -> float:
    """T11: the minimum of a designed problem; r the rank, trace that of A, share = |V^T u|^2."""
    return tau*trace + N*r*tau**2/2 + share*tau**2/(2*lambda_b)


def deep_design_value(square: Array, C: float, N: float, lambda_h: float, P: float) -> Array:
    """T11, deep: z over an eigenvalue of D^(1/2) Q D^(1/2) (arrays)."""
    value: Array = (N*lambda_h*square/C)**(P/2)
    return value


def deep_design_code_singular_value(z: Array, C: float, P: float) -> Array:
    """T11, deep: singular value of the codes E D^(1/2) over z (arrays)."""
    value: Array = z + C*1/z**(1 - 2/P)
    return value


def deep_design_least(C: float, P: float) -> float:
    """T11, deep: z that every direction of a designed geometry must exceed."""
    return float((C*(P - 2))**(P/(2*P - 2)))


def target_mean_singular_value(cosine: float, s_perp: float, K: float) -> float:
    """T11, cosine: s_mu that a cosine below 1 asks for, in units of sqrt(n)."""
    return s_perp*(1 + cosine*(K - 1))/(1 - cosine)


def target_lambda_b(s_mu: float, w: float, t: float) -> float:
    """T11, cosine: lambda_b at which the mean direction has the singular value s_mu < |w| - t."""
    return t*1/((abs(w) - t) - s_mu)


def target_cosine_no_bias(a: float, w: float, t: float, K: float) -> float:
    """T11, cosine: cosine at lambda_b = inf, for t < |a| and t < |w|."""
    return -(abs(a) - abs(w))/((K - 1)*(abs(a) - t) + abs(w) - t)


def target_alpha(cosine: float, s_mu: float, t: float, K: float) -> float:
    """T11, cosine: label smoothing with this cosine, above -1/(K-1)."""
    return 1 - t - s_mu*(1 - cosine)/(1 + cosine*(K - 1))


def target_t(cosine: float, a: float, w: float, lambda_b: float, K: float) -> float:
    """T11, cosine: threshold t with this cosine; also for lambda_b = inf."""
    return ((1 - cosine)*abs(w) - (1 + cosine*(K - 1))*abs(a))/(-(cosine - 1)/lambda_b - K*cosine)


def target_trend(a: float, w: float, lambda_b: float) -> float:
    """T11, cosine: positive where the cosine rises with the weight decay; also for lambda_b = inf."""
    return abs(w) - (1 + 1/lambda_b)*abs(a)


def target_cosine_small_decay(a: float, w: float, K: float) -> float:
    """T11, cosine: cosine as the weight decay vanishes."""
    return -(abs(a) - abs(w))/((K - 1)*abs(a) + abs(w))


def target_simplex_t(w: float, lambda_b: float) -> float:
    """T11, cosine: t from which the class means are a simplex ETF; also for lambda_b = inf."""
    return abs(w)/(1 + 1/lambda_b)


def metric_mean_weight(lambda_b: float) -> float:
    """T15: f, the weight of the mean direction; also for lambda_b = inf."""
    if lambda_b <= 1:
        return lambda_b/(1 + lambda_b)
    return 1/(1 + 1/lambda_b)


def metric_singular_value(b: Array, c: Array, tau: float) -> Array:
    """T15: A's on aligned directions: b a singular value of B, c the eigenvalue of C there (arrays)."""
    value: Array = np.maximum(b - tau, 0.0)/c
    return value


def metric_feature_decay(lambda_v: float, N: float, second_moment: float) -> float:
    """T15: lambda_h in a direction of the previous features with this second moment."""
    return lambda_v/(N*second_moment)


def metric_threshold(tau: float, K: float, size: float) -> float:
    """T15: t, threshold of the mean direction; size: length of the mean of the previous features."""
    return sqrt(K)*tau/size


def metric_perp_singular_value(a: float, spread: float, K: float, tau: float) -> float:
    """T15: s_perp, K-1 times; spread: singular value of the differences of previous class means."""
    if K*tau < spread*abs(a):
        return spread*abs(a) - K*tau
    return 0.0


def metric_mean_singular_value(w: float, t: float, lambda_b: float, K: float, size: float) -> float:
    """T15: s_mu, once; also for lambda_b = inf."""
    if t >= lambda_b*(abs(w) - t):
        return 0.0
    return sqrt(K)*size*((abs(w) - t) - t/lambda_b)


def metric_singular_value_gap(
    a: float, w: float, t: float, lambda_b: float, spread: float, K: float, size: float
) -> float:
    """T15: s_mu - s_perp without cancellation; also for lambda_b = inf."""
    if t >= lambda_b*(abs(w) - t):
        if spread*abs(a) > sqrt(K)*size*t:
            return sqrt(K)*size*t - spread*abs(a)
        return 0.0
    if spread*abs(a) > sqrt(K)*size*t:
        return (sqrt(K)*size*abs(w) - spread*abs(a)) - sqrt(K)*size*t/lambda_b
    return sqrt(K)*size*((abs(w) - t) - t/lambda_b)


def metric_orthogonal_lambda_b(a: float, w: float, spread: float, K: float, size: float, tau: float) -> float:
    """T15: lambda_b at which the class means are orthogonal, for K tau < |a| spread < sqrt(K) size |w|."""
    return K*tau/(sqrt(K)*size*abs(w) - spread*abs(a))


def cross_entropy_logit(alpha: float, t: float, K: float) -> float:
    """T16: s, the own output less another, balanced; 0 for alpha + t >= 1."""
    if t < 1 - alpha:
        return log1p(K*((1 - alpha) - t)/(alpha + t))
    return 0.0


def cross_entropy_loss(s: float, alpha: float, t: float, K: float) -> float:
    """T16: the minimal loss, balanced, with s of cross_entropy_logit."""
    return s*(K - 1)*(alpha + t)/K + log1p((K - 1)*exp(-s))


def cross_entropy_gram_diagonal(s: float, n: float, K: float, lambda_w: float, lambda_h: float) -> float:
    """T16: squared length of a class mean, balanced."""
    return sqrt(lambda_w)*s*(K - 1)/(K*sqrt(lambda_h)*sqrt(n))


def cross_entropy_gram_off_diagonal(s: float, n: float, K: float, lambda_w: float, lambda_h: float) -> float:
    """T16: inner product of two class means, balanced."""
    return -sqrt(lambda_w)*s/(K*sqrt(lambda_h)*sqrt(n))


def cross_entropy_group_contrast(T: float, n: Array, alpha: float) -> Array:
    """T16: p_kk - p_kl of classes k, l of n samples each; 0: their means coincide (arrays)."""
    value: Array = np.maximum(1 - alpha - T/np.sqrt(n), 0.0)
    return value


def cross_entropy_merging_count(T: float, alpha: float) -> float:
    """T16: the largest count of classes whose means coincide."""
    return T**2/(1 - alpha)**2


def cross_entropy_relu_force(T: float, n: Array, alpha: float, K: float) -> Array:
    """T16: own entry of e_k - p_k, ReLU features, for a class of n samples (arrays)."""
    value: Array = np.minimum(T*np.sqrt(K - 1)/(np.sqrt(K)*np.sqrt(n)), (1 - alpha)*(K - 1)/K)
    return value


def cross_entropy_relu_probability(force: Array, alpha: float, K: float) -> Array:
    """T16: probability of the own class, with force of cross_entropy_relu_force (arrays)."""
    value: Array = (1 + K*((1 - alpha)*(K - 1)/K - force))/K
    return value


def cross_entropy_relu_logit(force: Array, alpha: float, K: float) -> Array:
    """T16: c, own output less another, 0 for a class that is zero (arrays)."""
    value: Array = np.log1p(K*((1 - alpha)*(K - 1)/K - force)/(force + alpha*(K - 1)/K))
    return value


def cross_entropy_relu_squared_length(c: Array, n: Array, K: float, lambda_w: float, lambda_h: float) -> Array:
    """T16: squared length of a class mean, ReLU features (arrays)."""
    value: Array = c*np.sqrt(lambda_w)*np.sqrt(K - 1)/(np.sqrt(K)*np.sqrt(lambda_h)*np.sqrt(n))
    return value


def cross_entropy_relu_class_loss(c: Array, force: Array, alpha: float, K: float) -> Array:
    """T16: loss of a class; the minimal loss is its mean over the samples (arrays)."""
    value: Array = c*(force + alpha*(K - 1)/K) + np.log1p((K - 1)*np.exp(-c))
    return value


def cross_entropy_spread(z: Array) -> Array:
    """T16: the range of the error of a class's logits at most, z = N gap/(n_k p_min) (arrays)."""
    value: Array = z + np.sqrt(z)*np.sqrt(4 + z)
    return value
