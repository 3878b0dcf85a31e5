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

    // T6: the bias of a class of n samples, lambda_b >= lambda_b+.
    imbalanced_bias(n, tau, lambda_b) {
        return Math.sqrt(n)*tau/lambda_b;
    },

    // T6: a class's share of lambda_b+.
    imbalanced_threshold_term(n, T, tau) {
        return n*tau/(Math.sqrt(n) - T);
    },

    // T8: lambda_b from which a bottleneck keeps the label mean; rise = |w| - |a| > 0, live = |a| - t > 0.
    bottleneck_transition(rise, live, t) {
        return (live*(live + 2*t + Math.sqrt(4*rise*t + Math.pow(live + 2*t, 2))) + 2*rise*t)/(2*rise*(2*live + rise));
    },

    // T9: C = 2 N kappa/P; T for one layer (P = 2).
    deep_constant(N, lambda_w, lambda_h, P) {
        return N*Math.pow(lambda_h, 1/P)*Math.pow(lambda_w, (P - 1)/P);
    },

    // T9: cost of a singular value z of the product.
    deep_penalty(z, C, N, P) {
        return C*P*Math.pow(z, 2/P)/(2*N);
    },

    // T9: singular values of a layer over z^(1/P).
    deep_layer_scale(C, N, lambda_l) {
        return Math.sqrt(C)/(Math.sqrt(N)*Math.sqrt(lambda_l));
    },

    // T9: c of the branch equation.
    deep_relative_penalty(C, g, P) {
        return C*Math.pow(g, -(2*P - 2)/P);
    },

    // T9: zero on a stationary branch z = g r^P.
    deep_branch_equation(r, c, P) {
        return Math.pow(r, P - 2) - c - Math.pow(r, 2*P - 2);
    },

    // T9: derivative of the branch equation by r.
    deep_branch_slope(r, P) {
        return Math.pow(r, P - 3)*(P - 2) - Math.pow(r, 2*P - 3)*(2*P - 2);
    },

    // T9: singular value below which a direction vanishes.
    deep_threshold(C, P) {
        return Math.pow(C/(Math.pow((P - 2)/(P - 1), (P - 2)/P)*(1 - (P - 2)/(P - 1))), P/(2*P - 2));
    },

    // T9: singular value below which no stationary branch exists.
    deep_existence(C, P) {
        return Math.pow(C/(Math.pow((P - 2)/(2*P - 2), (P - 2)/P)*(1 - (P - 2)/(2*P - 2))), P/(2*P - 2));
    },

    // T9: z at the threshold.
    deep_jump(g_cut, P) {
        return g_cut*(P - 2)/(P - 1);
    },

    // T9: C for the label mean; 0 < lambda_b < inf.
    deep_mean_constant(C, lambda_b) {
        return C*(1 + lambda_b)/lambda_b;
    },

    // T9: beta of b = beta mu; s_mu is z/sqrt(n) of the label mean.
    deep_bias_fraction(w, s_mu, lambda_b) {
        return -(s_mu/Math.abs(w) - 1)/(1 + lambda_b);
    },

    // T9: lambda_b at which the label mean enters, for |w| sqrt(n) > g_cut.
    deep_transition(w, n, g_cut, P) {
        return 1/(Math.pow(Math.sqrt(n)*Math.abs(w)/g_cut, (2*P - 2)/P) - 1);
    },

    // T10: n_k |h_k|^2 of an orthogonal frame, length above T.
    relu_class_value(length, N, lambda_w, lambda_h) {
        return Math.sqrt(lambda_w)*length/Math.sqrt(lambda_h) - N*lambda_w;
    },

    // T10: above 1 where the class means are not zero.
    relu_spread_alive(spread, K, t) {
        return Math.sqrt(spread)/(Math.sqrt(K)*t);
    },

    // T10: the lambda_b up to which all class means are zero, for (K-1) a^2 < K t^2 < (K-1) a^2 + w^2.
    relu_alive_lambda_b(a, w, K, t) {
        return Math.sqrt(K*Math.pow(t, 2) - Math.pow(a, 2)*(K - 1))/(Math.abs(w) - Math.sqrt(K*Math.pow(t, 2) - Math.pow(a, 2)*(K - 1)));
    },

    // T10: zero at b = beta mu of the balanced orthogonal frame.
    relu_bias_equation(beta, spread, n, K, lambda_w, lambda_h, lambda_b) {
        return beta*lambda_b*Math.sqrt(spread) - Math.pow(K, 3/2)*Math.sqrt(lambda_h)*Math.sqrt(lambda_w)*Math.sqrt(n)*(1 - beta);
    },

    // T11: (Z^T Z)^(1/2) is this times D^(1/2) Q D^(1/2) for a target Gram matrix Q.
    design_core_scale(lambda_w, lambda_h) {
        return Math.sqrt(lambda_h)/Math.sqrt(lambda_w);
    },

    // T11: singular value of M - b u^T over an eigenvalue z of (Z^T Z)^(1/2).
    design_code_singular_value(z, T) {
        return T + z;
    },

    // T11: b is this times V V^T u; 0 for lambda_b = inf.
    design_bias_scale(tau, lambda_b) {
        return tau/lambda_b;
    },

    // T11: the minimum of a designed problem; r the rank, trace that of A, share = |V^T u|^2.
    design_loss(N, tau, r, trace, share, lambda_b) {
        return tau*trace + N*r*Math.pow(tau, 2)/2 + share*Math.pow(tau, 2)/(2*lambda_b);
    },

    // T11, deep: z over an eigenvalue of D^(1/2) Q D^(1/2).
    deep_design_value(square, C, N, lambda_h, P) {
        return Math.pow(N*lambda_h*square/C, P/2);
    },

    // T11, deep: singular value of the codes E D^(1/2) over z.
    deep_design_code_singular_value(z, C, P) {
        return z + C*1/Math.pow(z, 1 - 2/P);
    },

    // T11, deep: z that every direction of a designed geometry must exceed.
    deep_design_least(C, P) {
        return Math.pow(C*(P - 2), P/(2*P - 2));
    },

    // T11, cosine: s_mu that a cosine below 1 asks for, in units of sqrt(n).
    target_mean_singular_value(cosine, s_perp, K) {
        return s_perp*(1 + cosine*(K - 1))/(1 - cosine);
    },

    // T11, cosine: lambda_b at which the mean direction has the singular value s_mu < |w| - t.
    target_lambda_b(s_mu, w, t) {
        return t*1/((Math.abs(w) - t) - s_mu);
    },

    // T11, cosine: cosine at lambda_b = inf, for t < |a| and t < |w|.
    target_cosine_no_bias(a, w, t, K) {
        return -(Math.abs(a) - Math.abs(w))/((K - 1)*(Math.abs(a) - t) + Math.abs(w) - t);
    },

    // T11, cosine: label smoothing with this cosine, above -1/(K-1).
    target_alpha(cosine, s_mu, t, K) {
        return 1 - t - s_mu*(1 - cosine)/(1 + cosine*(K - 1));
    },

    // T11, cosine: threshold t with this cosine; also for lambda_b = inf.
    target_t(cosine, a, w, lambda_b, K) {
        return ((1 - cosine)*Math.abs(w) - (1 + cosine*(K - 1))*Math.abs(a))/(-(cosine - 1)/lambda_b - K*cosine);
    },

    // T11, cosine: positive where the cosine rises with the weight decay; also for lambda_b = inf.
    target_trend(a, w, lambda_b) {
        return Math.abs(w) - (1 + 1/lambda_b)*Math.abs(a);
    },

    // T11, cosine: cosine as the weight decay vanishes.
    target_cosine_small_decay(a, w, K) {
        return -(Math.abs(a) - Math.abs(w))/((K - 1)*Math.abs(a) + Math.abs(w));
    },

    // T11, cosine: t from which the class means are a simplex ETF; also for lambda_b = inf.
    target_simplex_t(w, lambda_b) {
        return Math.abs(w)/(1 + 1/lambda_b);
    },

    // T15: f, the weight of the mean direction; also for lambda_b = inf.
    metric_mean_weight(lambda_b) {
        if (lambda_b <= 1) {
            return lambda_b/(1 + lambda_b);
        }
        return 1/(1 + 1/lambda_b);
    },

    // T15: A's on aligned directions: b a singular value of B, c the eigenvalue of C there.
    metric_singular_value(b, c, tau) {
        return Math.max(0, b - tau)/c;
    },

    // T15: lambda_h in a direction of the previous features with this second moment.
    metric_feature_decay(lambda_v, N, second_moment) {
        return lambda_v/(N*second_moment);
    },

    // T15: t, threshold of the mean direction; size: length of the mean of the previous features.
    metric_threshold(tau, K, size) {
        return Math.sqrt(K)*tau/size;
    },

    // T15: s_perp, K-1 times; spread: singular value of the differences of previous class means.
    metric_perp_singular_value(a, spread, K, tau) {
        if (K*tau < spread*Math.abs(a)) {
            return spread*Math.abs(a) - K*tau;
        }
        return 0.0;
    },

    // T15: s_mu, once; also for lambda_b = inf.
    metric_mean_singular_value(w, t, lambda_b, K, size) {
        if (t >= lambda_b*(Math.abs(w) - t)) {
            return 0.0;
        }
        return Math.sqrt(K)*size*((Math.abs(w) - t) - t/lambda_b);
    },

    // T15: s_mu - s_perp without cancellation; also for lambda_b = inf.
    metric_singular_value_gap(a, w, t, lambda_b, spread, K, size) {
        if (t >= lambda_b*(Math.abs(w) - t)) {
            if (spread*Math.abs(a) > Math.sqrt(K)*size*t) {
                return Math.sqrt(K)*size*t - spread*Math.abs(a);
            }
            return 0.0;
        }
        if (spread*Math.abs(a) > Math.sqrt(K)*size*t) {
            return (Math.sqrt(K)*size*Math.abs(w) - spread*Math.abs(a)) - Math.sqrt(K)*size*t/lambda_b;
        }
        return Math.sqrt(K)*size*((Math.abs(w) - t) - t/lambda_b);
    },

    // T15: lambda_b at which the class means are orthogonal, for K tau < |a| spread < sqrt(K) size |w|.
    metric_orthogonal_lambda_b(a, w, spread, K, size, tau) {
        return K*tau/(Math.sqrt(K)*size*Math.abs(w) - spread*Math.abs(a));
    },

    // T16: s, the own output less another, balanced; 0 for alpha + t >= 1.
    cross_entropy_logit(alpha, t, K) {
        if (t < 1 - alpha) {
            return Math.log1p(K*((1 - alpha) - t)/(alpha + t));
        }
        return 0.0;
    },

    // T16: the minimal loss, balanced, with s of cross_entropy_logit.
    cross_entropy_loss(s, alpha, t, K) {
        return s*(K - 1)*(alpha + t)/K + Math.log1p((K - 1)*Math.exp(-s));
    },

    // T16: squared length of a class mean, balanced.
    cross_entropy_gram_diagonal(s, n, K, lambda_w, lambda_h) {
        return Math.sqrt(lambda_w)*s*(K - 1)/(K*Math.sqrt(lambda_h)*Math.sqrt(n));
    },

    // T16: inner product of two class means, balanced.
    cross_entropy_gram_off_diagonal(s, n, K, lambda_w, lambda_h) {
        return -Math.sqrt(lambda_w)*s/(K*Math.sqrt(lambda_h)*Math.sqrt(n));
    },

    // T16: p_kk - p_kl of classes k, l of n samples each; 0: their means coincide.
    cross_entropy_group_contrast(T, n, alpha) {
        return Math.max(0, 1 - alpha - T/Math.sqrt(n));
    },

    // T16: the largest count of classes whose means coincide.
    cross_entropy_merging_count(T, alpha) {
        return Math.pow(T, 2)/Math.pow(1 - alpha, 2);
    },

    // T16: own entry of e_k - p_k, ReLU features, for a class of n samples.
    cross_entropy_relu_force(T, n, alpha, K) {
        return Math.min((1 - alpha)*(K - 1)/K, T*Math.sqrt(K - 1)/(Math.sqrt(K)*Math.sqrt(n)));
    },

    // T16: probability of the own class, with force of cross_entropy_relu_force.
    cross_entropy_relu_probability(force, alpha, K) {
        return (1 + K*((1 - alpha)*(K - 1)/K - force))/K;
    },

    // T16: c, own output less another, 0 for a class that is zero.
    cross_entropy_relu_logit(force, alpha, K) {
        return Math.log1p(K*((1 - alpha)*(K - 1)/K - force)/(force + alpha*(K - 1)/K));
    },

    // T16: squared length of a class mean, ReLU features.
    cross_entropy_relu_squared_length(c, n, K, lambda_w, lambda_h) {
        return c*Math.sqrt(lambda_w)*Math.sqrt(K - 1)/(Math.sqrt(K)*Math.sqrt(lambda_h)*Math.sqrt(n));
    },

    // T16: loss of a class; the minimal loss is its mean over the samples.
    cross_entropy_relu_class_loss(c, force, alpha, K) {
        return c*(force + alpha*(K - 1)/K) + Math.log1p((K - 1)*Math.exp(-c));
    },

    // T16: the range of the error of a class's logits at most, z = N gap/(n_k p_min).
    cross_entropy_spread(z) {
        return z + Math.sqrt(z)*Math.sqrt(4 + z);
    },
};
