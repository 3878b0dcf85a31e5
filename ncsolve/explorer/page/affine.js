// Balanced codes a I + q J, evaluated here for any K and any lambdas by the functions of formulas.js.
// The steps are those of ncsolve/_balanced.py.

// As in ncsolve: what is left of a singular value at the threshold is rounding.
const RANK_NOISE = 16 * 2 ** -52;
const EQUAL = 1e-13;

class AffineProblem {
    constructor([a, q, w], K, n) {
        Object.assign(this, { a, q, w, K, n });
        this.exact = K <= 3;
        this.codeLength = K;
    }

    // Everything that is shown at one setting.
    state({ lambda_w, lambda_h, lambda_b }, view) {
        const { a, w, K, n } = this;
        const spectrum = this.spectrum(lambda_w, lambda_h, lambda_b);
        const { tau, t, beta, mean, across, residual, gap } = spectrum;
        const root = Math.sqrt(n);
        const diagonal = formulas.affine_gram_diagonal(across, mean, n, K, lambda_w, lambda_h);
        const inner = formulas.affine_gram_off_diagonal(gap, n, K, lambda_w, lambda_h);
        const cosine = diagonal > 0 ? inner / diagonal : NaN;
        const rest = Math.abs(a) - across;
        const loss = formulas.fit_loss(n * (residual ** 2 + (K - 1) * rest ** 2), n * K)
            + 2 * formulas.penalty_loss(root * (mean + (K - 1) * across), tau)
            + (lambda_b < Infinity ? formulas.bias_loss((beta * w) ** 2 / K, lambda_b) : 0);
        const drawn = this.drawing(lambda_w, lambda_h, spectrum, view);
        return {
            lambda_w, lambda_h, lambda_b, loss, K,
            threshold: root * t,
            cosines: [cosine, cosine, cosine],
            biasNorm: beta * Math.abs(w) / Math.sqrt(K),
            centring: w === 0 ? NaN : beta,
            rank: (mean > 0 ? 1 : 0) + (across > 0 ? K - 1 : 0),
            regime: this.regime(mean, across),
            transition: t < Math.abs(w) ? formulas.affine_threshold(w, t) : null,
            orthogonal: t < Math.abs(a) && Math.abs(a) < Math.abs(w)
                ? formulas.affine_orthogonal_lambda_b(a, w, t) : null,
            sigma: [root * Math.abs(a), root * (mean + residual)],
            gram: (i, j) => (i === j ? diagonal : inner),
            gramScale: formulas.affine_gram_diagonal(Math.abs(a), Math.abs(w), n, K, lambda_w, lambda_h) || 1,
            ...drawn,
        };
    }

    // Singular values along the mean direction and across it, in the unit sqrt(n), and the share of the bias.
    spectrum(lambda_w, lambda_h, lambda_b) {
        const { a, w, K, n } = this;
        const tau = Math.sqrt(lambda_w) * Math.sqrt(lambda_h);
        const t = n * K * tau / Math.sqrt(n);
        const kept = formulas.affine_mean_singular_value(w, t, lambda_b);
        const across = formulas.affine_perp_singular_value(a, t);
        return {
            tau, t,
            beta: w === 0 ? 0 : formulas.affine_bias_fraction(w, t, lambda_b),
            mean: kept > RANK_NOISE * Math.abs(w) ? kept : 0,
            across: across > RANK_NOISE * Math.abs(a) ? across : 0,
            residual: formulas.affine_mean_residual(w, t, lambda_b),
            gap: formulas.affine_singular_value_gap(a, w, t, lambda_b),
        };
    }

    regime(mean, across) {
        const size = Math.max(mean, across);
        if (size === 0) return "collapsed";
        if (mean <= EQUAL * size) return "simplex";
        if (Math.abs(mean - across) <= EQUAL * size) return "orthogonal";
        return mean < across ? "intermediate" : "acute";
    }

    // The curves of the charts: positions on the axis of lambda_b, cosines and singular values.
    path(lambda_w, lambda_h) {
        const { a, w, n } = this;
        const root = Math.sqrt(n);
        const { t, across } = this.spectrum(lambda_w, lambda_h, 1);
        const star = t < Math.abs(w) ? positionOf(formulas.affine_threshold(w, t)) : 0;
        const x = [star, ...Array.from({ length: MOST / 4 + 1 }, (_, i) => 4 * i)].sort((p, q) => p - q);
        const low = Math.abs(w) > 0 ? [] : null;
        const cosine = [];
        x.forEach((position) => {
            // At a tick of the curve, not of the slider: without rounding to three digits.
            const lambda_b = position === star && star > 0 ? formulas.affine_threshold(w, t) : lambdaBAt(position);
            const s = this.spectrum(lambda_w, lambda_h, lambda_b);
            cosine.push(s.mean + s.across > 0 ? formulas.affine_cosine(s.across, s.mean, this.K) : null);
            if (low) low.push(root * (s.mean + s.residual));
        });
        const sigma = [{ name: `across the mean direction (${this.K - 1} times)`, y: x.map(() => root * Math.abs(a)) }];
        if (low) sigma.push({ name: "along the mean direction (once)", y: low });
        return { x, cosines: { mean: cosine }, sigma, threshold: root * t, alive: across > 0 };
    }

    // Class means and labels on three axes.  The mean direction is the vector of ones; the axes across it are all
    // equal, and the first two are chosen so that the classes lie on a circle.
    drawing(lambda_w, lambda_h, { beta, mean, across }, view) {
        const { a, w, K, n } = this;
        const root = Math.sqrt(n);
        const unit = formulas.feature_scale(lambda_w, lambda_h) / root;
        const along = Math.sign(w) * unit * Math.sqrt(mean * root);
        const side = Math.sign(a) * unit * Math.sqrt(across * root);
        const withMean = view === "mean" || this.exact || mean > across;
        const third = (x) => (withMean ? x / Math.sqrt(K) : 0);
        const point = (up, out) => (k) => {
            const c = this.contrast(k);
            return [out * c[0], out * c[1], withMean ? third(up) : out * c[2]];
        };
        const classes = Array.from({ length: K }, (_, k) => k);
        const means = classes.map(point(along, side));
        const labels = classes.map(point((1 - beta) * w, a));
        return {
            means, labels, withMean,
            codes: classes.map(point(w, a)),
            labelMean: [0, 0, third(w)],
            bias: [0, 0, third(beta * w)],
            kept: share(means, along ** 2 + (K - 1) * side ** 2),
            labelsKept: share(labels, ((1 - beta) * w) ** 2 + (K - 1) * a ** 2),
        };
    }

    // Class k on three orthonormal axes across the mean direction.
    contrast(k) {
        const { K } = this;
        if (K === 2) return [k === 0 ? Math.SQRT1_2 : -Math.SQRT1_2, 0, 0];
        const angle = 2 * Math.PI * k / K;
        const size = Math.sqrt(2 / K);
        const third = K === 3 ? 0 : K === 4 ? (k % 2 ? -0.5 : 0.5) : size * Math.cos(2 * angle);
        return [size * Math.cos(angle), size * Math.sin(angle), third];
    }

    // The units of the pictures: what is longest without weight decay and bias.
    scales({ lambda_w, lambda_h }, view) {
        const free = { beta: 0, mean: Math.abs(this.w), across: Math.abs(this.a) };
        const { means, codes } = this.drawing(lambda_w, lambda_h, free, view);
        return { means: Math.max(...means.map(norm)), labels: Math.max(...codes.map(norm)) };
    }

    trails({ lambda_w, lambda_h }, view) {
        const trail = [0, ...[...Array(41).keys()].map((i) => lambdaBAt(25 * i || 1)), Infinity];
        return trail.map((lambda_b) => this.state({ lambda_w, lambda_h, lambda_b }, view).means);
    }
}

function norm(p) {
    return Math.hypot(...p);
}

// The share of the squared lengths that a projection keeps.
function share(points, whole) {
    const kept = points.reduce((sum, p) => sum + p[0] ** 2 + p[1] ** 2 + p[2] ** 2, 0);
    return whole > 0 ? Math.min(1, kept / whole) : NaN;
}
