// T8 and T9: balanced codes a I + q J under a deep head or a bottleneck.  Each direction, K - 1 contrasts and the label
// mean, is on its own; of what each gains over zero the dim largest are taken, as in kept_directions.py.

const TIE = 1e-14;

class DirectionsLaw extends PlainLaw {
    constructor(codes, { depth, dim }) {
        super(codes);
        this.factors = depth + 1;
        this.dim = dim;
        const root = Math.sqrt(codes.n);
        this.acrossG = Math.abs(codes.a) * root;
        this.alongG = Math.abs(codes.w) * root;
    }

    scalar(lambda_w, lambda_h) {
        const N = this.codes.n * this.codes.K;
        return new Shrinkage(formulas.deep_constant(N, lambda_w, lambda_h, this.factors), this.factors, N);
    }

    // The directions of the minimizer.  mean asks for the label mean to be in or out, where both are minimizers.
    keep(scalar, lambda_b, mean) {
        const { K } = this.codes;
        const across = scalar.minimize(this.acrossG);
        let along = 0;
        let gain = 0;
        if (lambda_b > 0 && mean !== false) {
            const own = scalar.withBias(lambda_b);
            along = own.minimize(this.alongG, mean === true);
            gain = own.gain(this.alongG, along);
        }
        const contrasts = across > 0 ? K - 1 : 0;
        if (contrasts + (along > 0) <= this.dim) return { contrasts, across, along, tied: false };
        const rival = scalar.gain(this.acrossG, across);
        const scale = Math.max(gain, rival);
        const tied = along > 0 && Math.abs(gain - rival) <= TIE * scale;
        const first = along > 0 && (gain > rival + TIE * scale || (tied && mean === true));
        return { contrasts: this.dim - (first ? 1 : 0), across, along: first ? along : 0, tied };
    }

    at(lambda_w, lambda_h, lambda_b, mean = null) {
        const scalar = this.scalar(lambda_w, lambda_h);
        const kept = this.keep(scalar, lambda_b, mean);
        return this.frame(scalar, lambda_h, lambda_b, kept);
    }

    frame(scalar, lambda_h, lambda_b, { contrasts, across, along, tied }) {
        const { w, K, n } = this.codes;
        const { constant, factors, samples } = scalar;
        const root = Math.sqrt(n);
        const beta = w === 0 || lambda_b === Infinity ? 0 : formulas.deep_bias_fraction(w, along / root, lambda_b);
        const shifted = this.alongG * (1 - beta);
        const penalty = (z) => formulas.deep_penalty(z, constant, samples, factors);
        const fit = contrasts * (this.acrossG - across) ** 2 + (K - 1 - contrasts) * this.acrossG ** 2
            + (shifted - along) ** 2;
        const length = this.lengths(scalar, lambda_h);
        const frame = new Frame({
            K, beta, contrasts, side: length(across), along: length(along), order: meanOrder(this.codes, lambda_b),
            loss: formulas.fit_loss(fit, samples) + contrasts * penalty(across) + penalty(along)
                + biasCost(this.codes, beta, lambda_b),
            sigma: [this.acrossG, shifted],
        });
        return Object.assign(frame, { tied, dropped: across > 0 && contrasts < K - 1 });
    }

    // How long a class mean is along a direction with the singular value z.
    lengths({ constant, samples, factors }, lambda_h) {
        const unit = formulas.deep_layer_scale(constant, samples, lambda_h) / Math.sqrt(this.codes.n);
        return (z) => unit * z ** (1 / factors);
    }

    free(lambda_w, lambda_h) {
        const length = this.lengths(this.scalar(lambda_w, lambda_h), lambda_h);
        return { side: length(this.acrossG), along: length(this.alongG) };
    }

    threshold(lambda_w, lambda_h) {
        return this.scalar(lambda_w, lambda_h).threshold;
    }

    get wide() {
        return this.dim >= this.codes.K;
    }

    // Whether the minimizer needs more dimensions than there are at some lambda_b: most without a bias.
    narrow(lambda_w, lambda_h) {
        const cut = this.scalar(lambda_w, lambda_h).threshold;
        return this.dim < (this.acrossG > cut ? this.codes.K - 1 : 0) + (this.alongG > cut);
    }

    transition(lambda_w, lambda_h) {
        const scalar = this.scalar(lambda_w, lambda_h);
        if (!this.narrow(lambda_w, lambda_h)) return this.enters(scalar, scalar.threshold);
        return this.alongG > this.acrossG ? this.takesOver(scalar) : null;
    }

    // The lambda_b at which the label mean has the singular value cut of its scalar problem.
    enters(scalar, cut) {
        const { w, n } = this.codes;
        return this.alongG > cut ? formulas.deep_transition(w, n, cut, scalar.factors) : null;
    }

    // The lambda_b at which the label mean gains as much as the contrast whose dimension it then takes.
    takesOver(scalar) {
        const { n } = this.codes;
        const root = Math.sqrt(n);
        if (scalar.factors === 2) {
            const [rise, live] = [this.alongG - this.acrossG, this.acrossG - scalar.constant].map((x) => x / root);
            return formulas.bottleneck_transition(rise, live, scalar.constant / root);
        }
        // No closed form: what the label mean gains rises with lambda_b, and at the left end it is zero.
        const rival = scalar.gain(this.acrossG);
        const excess = (exponent) => scalar.withBias(10 ** exponent).gain(this.alongG) - rival;
        const low = Math.log10(this.enters(scalar, scalar.threshold));
        return excess(100) > 0 ? 10 ** rootBetween(excess, low, 100) : null;
    }

    orthogonal() {
        return null;
    }

    // The two global minimizers that tie.
    sides(lambda_w, lambda_h, star) {
        const scalar = this.scalar(lambda_w, lambda_h);
        if (scalar.factors === 2 && scalar.minimize(this.acrossG) === 0) return super.sides(lambda_w, lambda_h, star);
        const [before, after] = [false, true].map((mean) => this.at(lambda_w, lambda_h, star, mean));
        if (after.along > 0) return { before, after, jump: true };
        // A tie that rounding hides: the label mean is let in by hand.
        const along = scalar.withBias(star).largerBranch(this.alongG);
        const kept = this.keep(scalar, star, false);
        const contrasts = Math.min(kept.contrasts, this.dim - 1);
        return { before, after: this.frame(scalar, lambda_h, star, { ...kept, contrasts, along }), jump: true };
    }

    // Up to the transition the frame with the label mean, beyond it the one without: local minima of a deep head.
    latent(lambda_w, lambda_h, star) {
        if (this.factors === 2 || !this.wide || star === null) return [];
        const scalar = this.scalar(lambda_w, lambda_h);
        const out = this.keep(scalar, star, false);
        // At the existence itself two branches meet, and Newton's method has no slope to go by.
        const from = this.latentFrom(lambda_w, lambda_h) * (1 + 1e-9);
        const within = (lambda_b) => {
            const along = scalar.withBias(lambda_b).largerBranch(this.alongG);
            return this.frame(scalar, lambda_h, lambda_b, { ...out, along });
        };
        const without = (lambda_b) => this.frame(scalar, lambda_h, lambda_b, out);
        return [{ from, to: star, at: within }, { from: star, to: Infinity, at: without }];
    }

    latentFrom(lambda_w, lambda_h) {
        const scalar = this.scalar(lambda_w, lambda_h);
        return this.enters(scalar, scalar.existence);
    }
}
