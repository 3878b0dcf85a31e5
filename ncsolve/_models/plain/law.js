// T5: balanced codes a I + q J in the paper's model.  The steps are those of ncsolve/_frames/balanced.py.

class PlainLaw {
    constructor(codes) {
        this.codes = codes;  // { a, w, K, n }
    }

    at(lambda_w, lambda_h, lambda_b) {
        const { a, w, K, n } = this.codes;
        const root = Math.sqrt(n);
        const t = thresholdIn(this.codes, lambda_w, lambda_h);
        // Singular values along the mean direction and across it, in the unit sqrt(n), and the share of the bias.
        const kept = formulas.affine_mean_singular_value(w, t, lambda_b);
        const live = formulas.affine_perp_singular_value(a, t);
        const mean = kept > RANK_NOISE * Math.abs(w) ? kept : 0;
        const across = live > RANK_NOISE * Math.abs(a) ? live : 0;
        const residual = formulas.affine_mean_residual(w, t, lambda_b);
        const beta = w === 0 ? 0 : formulas.affine_bias_fraction(w, t, lambda_b);
        const gap = formulas.affine_singular_value_gap(a, w, t, lambda_b);
        const rest = Math.abs(a) - across;
        const unit = formulas.feature_scale(lambda_w, lambda_h) / root;
        return new Frame({
            K, beta, contrasts: K - 1, order: meanOrder(this.codes, lambda_b),
            side: unit * Math.sqrt(across * root), along: unit * Math.sqrt(mean * root),
            diagonal: formulas.affine_gram_diagonal(across, mean, n, K, lambda_w, lambda_h),
            inner: formulas.affine_gram_off_diagonal(gap, n, K, lambda_w, lambda_h),
            loss: formulas.fit_loss(n * (residual ** 2 + (K - 1) * rest ** 2), n * K)
                + 2 * formulas.penalty_loss(root * (mean + (K - 1) * across), tauOf(lambda_w, lambda_h))
                + biasCost(this.codes, beta, lambda_b),
            sigma: [root * Math.abs(a), root * (mean + residual)],
        });
    }

    // Lengths without a bias and without shrinkage, of a contrast and along the mean direction.
    free(lambda_w, lambda_h) {
        const { a, w, n } = this.codes;
        const unit = formulas.feature_scale(lambda_w, lambda_h) / Math.sqrt(n);
        const length = (x) => unit * Math.sqrt(Math.abs(x) * Math.sqrt(n));
        return { side: length(a), along: length(w) };
    }

    // What the second picture shows beside the codes, along the mean direction and across it: the labels minus bias.
    targets(frame) {
        return { up: (1 - frame.beta) * this.codes.w, out: this.codes.a };
    }

    threshold(lambda_w, lambda_h) {
        return Math.sqrt(this.codes.n) * thresholdIn(this.codes, lambda_w, lambda_h);
    }

    // Where the label mean enters the class means; before and after it are the frames on its two sides.
    transition(lambda_w, lambda_h) {
        const t = thresholdIn(this.codes, lambda_w, lambda_h);
        return t < Math.abs(this.codes.w) ? formulas.affine_threshold(this.codes.w, t) : null;
    }

    // Where the frame is orthogonal on its way from obtuse to acute.
    orthogonal(lambda_w, lambda_h) {
        const { a, w } = this.codes;
        const t = thresholdIn(this.codes, lambda_w, lambda_h);
        return t < Math.abs(a) && Math.abs(a) < Math.abs(w) ? formulas.affine_orthogonal_lambda_b(a, w, t) : null;
    }

    // Both frames at the transition: one and the same where it is continuous.
    sides(lambda_w, lambda_h, star) {
        const frame = this.at(lambda_w, lambda_h, star);
        return { before: frame, after: frame, jump: false };
    }

    // Local minima that are not global: [name, from, to, frame at lambda_b].
    latent() {
        return [];
    }

    // What the curves of ``sigma`` are.
    get curves() {
        return [
            { name: `across the mean direction (${this.codes.K - 1} times)`, tone: "second" },
            { name: "along the mean direction (once)", tone: "accent" },
        ].slice(0, this.codes.w === 0 ? 1 : 2);
    }
}

function tauOf(lambda_w, lambda_h) {
    return Math.sqrt(lambda_w) * Math.sqrt(lambda_h);
}

// The threshold T in the unit sqrt(n).
function thresholdIn({ K, n }, lambda_w, lambda_h) {
    return n * K * tauOf(lambda_w, lambda_h) / Math.sqrt(n);
}

function biasCost({ w, K }, beta, lambda_b) {
    return lambda_b < Infinity ? formulas.bias_loss((beta * w) ** 2 / K, lambda_b) : 0;
}
