// The closed forms of the theorems, the same functions as in ncsolve/_formulas.py (of numbers only).
// Generated from the symbolic derivations by `python -m ncsolve.derivations --write`: edit those, not this file.

const formulas = {
    // T2: the classifier is W = weight_scale U z^(1/2) R^T.
    weight_scale(lambda_w, lambda_h) {
        return Math.sqrt(Math.sqrt(lambda_h))/Math.sqrt(Math.sqrt(lambda_w));
    },

    // T2: the class means are feature_scale R z^(1/2) V^T D^(-1/2).
    feature_scale(lambda_w, lambda_h) {
        return Math.sqrt(Math.sqrt(lambda_w))/Math.sqrt(Math.sqrt(lambda_h));
    },

    // T2: the weight term, and the feature term, which are equal.
    penalty_loss(nuclear_norm, tau) {
        return nuclear_norm*tau/2;
    },

    // T3: singular value of Z over a singular value sigma of M - b u^T.
    soft_threshold(sigma, T) {
        return Math.max(0, sigma - T);
    },

    // T3: singular value of the residual M - b u^T - Z.
    residual_singular_value(sigma, T) {
        return Math.min(T, sigma);
    },

    // T3: the fit term, from the sum of squares of the residual's singular values.
    fit_loss(residual_square, N) {
        return residual_square/(2*N);
    },

    // T3: the bias term.
    bias_loss(bias_square, lambda_b) {
        return bias_square*lambda_b/2;
    },

    // T4: b/mu for s = 0 outside complete centring; mean_root = sqrt(N) |mu| / T.
    zero_scatter_bias_fraction(mean_root, lambda_b) {
        return 1/(lambda_b*mean_root);
    },

    // T4: x = b/c solves this = 0; scatter = s/T^2, mean_square = N |mu|^2 / T^2.
    eigenvector_ratio_equation(x, scatter, mean_square, lambda_b) {
        return (scatter + mean_square/Math.pow(1 + x, 2))*Math.pow(lambda_b*x, 2) - 1;
    },

    // T4: below the root x of the ratio equation.
    eigenvector_ratio_lower(scatter, mean_square, lambda_b) {
        return 1/(lambda_b*Math.sqrt(mean_square + scatter));
    },

    // T4: above the root x of the ratio equation.
    eigenvector_ratio_upper(lambda_b) {
        return 1/lambda_b;
    },

    // T5: s_perp, K-1 times, in units of sqrt(n).
    affine_perp_singular_value(a, t) {
        if (t < Math.abs(a)) {
            return Math.abs(a) - t;
        }
        return 0.0;
    },

    // T5: beta, where b = beta mu; also for lambda_b = inf.
    affine_bias_fraction(w, t, lambda_b) {
        if (t >= lambda_b*(Math.abs(w) - t)) {
            return 1/(1 + lambda_b);
        }
        return t/(lambda_b*Math.abs(w));
    },

    // T5: s_mu, once, in units of sqrt(n); also for lambda_b = inf.
    affine_mean_singular_value(w, t, lambda_b) {
        if (t >= lambda_b*(Math.abs(w) - t)) {
            return 0.0;
        }
        return (Math.abs(w) - t) - t/lambda_b;
    },

    // T5: the residual's singular value on the mean direction, in units of sqrt(n); also for lambda_b = inf.
    affine_mean_residual(w, t, lambda_b) {
        if (t >= lambda_b*(Math.abs(w) - t)) {
            if (lambda_b <= 1) {
                return lambda_b*Math.abs(w)/(1 + lambda_b);
            }
            return Math.abs(w)/(1 + 1/lambda_b);
        }
        return t;
    },

    // T5: lambda_b*, where complete centring ends (for t < |w|).
    affine_threshold(w, t) {
        return t/(Math.abs(w) - t);
    },

    // T5: s_mu - s_perp without cancellation, in units of sqrt(n); also for lambda_b = inf.
    affine_singular_value_gap(a, w, t, lambda_b) {
        if (t >= lambda_b*(Math.abs(w) - t)) {
            if (t < Math.abs(a)) {
                return t - Math.abs(a);
            }
            return 0.0;
        }
        if (t < Math.abs(a)) {
            return (Math.abs(w) - Math.abs(a)) - t/lambda_b;
        }
        return (Math.abs(w) - t) - t/lambda_b;
    },

    // T5: squared length of a class mean.
    affine_gram_diagonal(s_perp, s_mu, n, K, lambda_w, lambda_h) {
        return Math.sqrt(lambda_w)*(s_mu + s_perp*(K - 1))/(K*Math.sqrt(lambda_h)*Math.sqrt(n));
    },

    // T5: inner product of two class means, accurate near the orthogonal frame.
    affine_gram_off_diagonal(gap, n, K, lambda_w, lambda_h) {
        return gap*Math.sqrt(lambda_w)/(K*Math.sqrt(lambda_h)*Math.sqrt(n));
    },

    // T5: cosine between class means.
    affine_cosine(s_perp, s_mu, K) {
        return (s_mu - s_perp)/(s_mu + s_perp*(K - 1));
    },

    // T5: cosine between class means, accurate near the orthogonal frame.
    affine_cosine_from_gap(gap, s_perp, s_mu, K) {
        return gap/(s_mu + s_perp*(K - 1));
    },

    // T5: the finite lambda_b at which the class means are orthogonal (for t < |a| < |w|).
    affine_orthogonal_lambda_b(a, w, t) {
        return t/(Math.abs(w) - Math.abs(a));
    },

    // T5b: lambda_b+, from which the law holds; kappa = v^T (P - T I)^+ v.
    large_bias_threshold(tau, kappa) {
        return kappa*tau;
    },

    // T5b: what the bias takes from every inner product of class means.
    large_bias_gram_shift(lambda_w, lambda_b) {
        return lambda_w/lambda_b;
    },

    // T5b: what the bias takes from the loss.
    large_bias_loss_drop(N, lambda_w, lambda_h, lambda_b) {
        return N*lambda_h*lambda_w/(2*lambda_b);
    },

    // T6: lambda_b = inf, squared length of the mean of a class of n samples.
    imbalanced_squared_length(n, T, lambda_w, lambda_h) {
        return Math.sqrt(lambda_w)*Math.max(0, Math.sqrt(n) - T)/(Math.sqrt(lambda_h)*n);
    },

    // T6: the bias of a class of n samples, lambda_b >= lambda_b+.
    imbalanced_bias(n, tau, lambda_b) {
        return Math.sqrt(n)*tau/lambda_b;
    },

    // T6: a class's share of lambda_b+.
    imbalanced_threshold_term(n, T, tau) {
        return n*tau/(Math.sqrt(n) - T);
    },
};
