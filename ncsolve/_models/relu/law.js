// T10: balanced codes a I + q J with features H >= 0, as in orthogonal_frame.py: an orthogonal frame, or, where
// the class means of linear features are acute, those.

class ReluLaw extends PlainLaw {
    at(lambda_w, lambda_h, lambda_b) {
        const { a, w, K, n } = this.codes;
        const root = Math.sqrt(n);
        const t = thresholdIn(this.codes, lambda_w, lambda_h);
        if (Math.max(Math.abs(a), Math.abs(w)) <= t || this.costsNothing(t, lambda_b)) {
            const linear = super.at(lambda_w, lambda_h, lambda_b);
            const length = this.costsNothing(t, lambda_b) ? NaN : root * Math.sqrt(this.spread(linear.beta) / K);
            return Object.assign(linear, { sigma: [length, ...linear.sigma.map((x) => (length >= 0 ? NaN : x))] });
        }
        const beta = this.bias(lambda_w, lambda_h, lambda_b, t);
        const length = root * Math.sqrt(this.spread(beta) / K);
        const [N, T] = [n * K, root * t];
        const alive = length > T * (1 + RANK_NOISE);
        const square = alive ? formulas.relu_class_value(length, N, lambda_w, lambda_h) / n : 0;
        return new Frame({
            K, beta, contrasts: K - 1, side: Math.sqrt(square), along: Math.sqrt(square), diagonal: square, inner: 0,
            loss: formulas.fit_loss(K * formulas.residual_singular_value(length, T) ** 2, N)
                + 2 * formulas.penalty_loss(K * formulas.soft_threshold(length, T), tauOf(lambda_w, lambda_h))
                + biasCost(this.codes, beta, lambda_b),
            sigma: [length, NaN, NaN],
        });
    }

    // n times it is the squared norm of all labels minus bias.
    spread(beta) {
        const { a, w, K } = this.codes;
        return (K - 1) * a * a + (w * (1 - beta)) ** 2;
    }

    bias(lambda_w, lambda_h, lambda_b, t) {
        const { w, K, n } = this.codes;
        if (lambda_b === Infinity || w === 0) return 0;
        const dead = 1 / (1 + lambda_b);
        if (lambda_b === 0 || !(formulas.relu_spread_alive(this.spread(dead), K, t) > 1)) return dead;
        return rootBetween(
            (x) => formulas.relu_bias_equation(x, this.spread(x), n, K, lambda_w, lambda_h, lambda_b), 0, 1);
    }

    costsNothing(t, lambda_b) {
        const star = this.turn(t);
        return star !== null && lambda_b >= star;
    }

    // Where the class means of linear features turn acute, or, without contrasts, begin to live.
    turn(t) {
        const [a, w] = [Math.abs(this.codes.a), Math.abs(this.codes.w)];
        if (w <= Math.max(a, t)) return null;
        return a > t ? formulas.affine_orthogonal_lambda_b(a, w, t) : formulas.affine_threshold(w, t);
    }

    // The lengths without shrinkage: of the orthogonal frame, or of the linear one where that is longer.
    free(lambda_w, lambda_h) {
        const { w, K, n } = this.codes;
        const linear = super.free(lambda_w, lambda_h);
        const square = formulas.relu_class_value(Math.sqrt(n * this.spread(0) / K), 0, lambda_w, lambda_h) / n;
        const acute = Math.abs(w) > Math.abs(this.codes.a);
        return acute ? linear : { side: Math.sqrt(square), along: Math.sqrt(square) };
    }

    // Where the orthogonal frame turns acute, or where class means begin to live.
    transition(lambda_w, lambda_h) {
        const t = thresholdIn(this.codes, lambda_w, lambda_h);
        return this.turn(t) ?? this.aliveFrom(t);
    }

    // Up to this lambda_b all class means are zero, if there is one.
    aliveFrom(t) {
        const { a, w, K } = this.codes;
        const always = formulas.relu_spread_alive(this.spread(1), K, t) >= 1;
        const never = formulas.relu_spread_alive(this.spread(0), K, t) <= 1;
        return always || never ? null : formulas.relu_alive_lambda_b(a, w, K, t);
    }

    orthogonal() {
        return null;
    }

    // In the orthogonal frame all labels have one length; beyond it there are singular values, which start from there.
    sides(lambda_w, lambda_h, star) {
        const after = this.at(lambda_w, lambda_h, star);
        const [, across] = after.sigma;
        if (!(across >= 0)) return { before: after, after, jump: false };
        const before = Object.assign(Object.create(Frame.prototype), after, { sigma: [across, NaN, NaN] });
        return { before, after, jump: false };
    }

    get curves() {
        const lengths = { name: "length of each label minus bias", tone: "accent" };
        return Math.abs(this.codes.w) > Math.abs(this.codes.a) ? [lengths, ...super.curves] : [lengths];
    }
}
