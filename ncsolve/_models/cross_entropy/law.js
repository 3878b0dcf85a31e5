// T16: balanced one-hot and smoothed codes under cross-entropy, as in balanced.py and relu.py.  The bias is zero and
// nothing depends on lambda_b.

class CrossEntropyLaw extends PlainLaw {
    at(lambda_w, lambda_h) {
        const { a, K, n } = this.codes;
        const t = thresholdIn(this.codes, lambda_w, lambda_h);
        const s = formulas.cross_entropy_logit(1 - a, t, K);
        const diagonal = formulas.cross_entropy_gram_diagonal(s, n, K, lambda_w, lambda_h);
        const inner = formulas.cross_entropy_gram_off_diagonal(s, n, K, lambda_w, lambda_h);
        const frame = new Frame({
            K, beta: 0, contrasts: K - 1, side: Math.sqrt(diagonal - inner), along: 0, diagonal, inner,
            loss: formulas.cross_entropy_loss(s, 1 - a, t, K), sigma: [Math.sqrt(n) * a],
        });
        return Object.assign(frame, { parted: Math.max(0, a - t) });
    }

    // The class means have no largest length: without weight decay those of one-hot codes grow without end.
    free(lambda_w, lambda_h) {
        const { side, along } = this.at(lambda_w, lambda_h);
        return { side, along };
    }

    // Softmax outputs: ``parted`` is by how much that of the own class exceeds the others.
    targets(frame) {
        return { up: this.codes.w, out: frame.parted };
    }

    transition() {
        return null;
    }

    // Where the frame would open with the same codes and lambdas.
    transitionOfMse(lambda_w, lambda_h) {
        return super.transition(lambda_w, lambda_h);
    }

    orthogonal() {
        return null;
    }

    get curves() {
        return [{ name: `across the mean direction (${this.codes.K - 1} times)`, tone: "second" }];
    }
}

class CrossEntropyReluLaw extends CrossEntropyLaw {
    at(lambda_w, lambda_h) {
        const { a, K, n } = this.codes;
        const force = formulas.cross_entropy_relu_force(this.threshold(lambda_w, lambda_h), n, 1 - a, K);
        const c = formulas.cross_entropy_relu_logit(force, 1 - a, K);
        const square = formulas.cross_entropy_relu_squared_length(c, n, K, lambda_w, lambda_h);
        const length = Math.sqrt(square);
        const frame = new Frame({
            K, beta: 0, contrasts: K - 1, side: length, along: length, diagonal: square, inner: 0,
            loss: formulas.cross_entropy_relu_class_loss(c, force, 1 - a, K),
            sigma: [a * Math.sqrt(n * (K - 1) / K)],
        });
        return Object.assign(frame, { parted: Math.max(0, a - force * K / (K - 1)) });
    }

    get curves() {
        return [{ name: "length of each label minus their mean", tone: "accent" }];
    }
}
