// Balanced codes a I + q J, evaluated here for any K, any lambdas and any of the models that have a closed form.

const PLAIN = { loss: "mse", features: "linear", depth: 1, dim: null };

class AffineProblem {
    constructor([a, q, w], K, n, model = PLAIN) {
        Object.assign(this, { a, q, w, K, n });
        this.exact = K <= 3;
        this.codeLength = K;
        this.model = { ...model, dim: model.dim === null ? K : Math.min(model.dim, K) };
        this.law = lawOf(this.model, { a, w, K, n });
    }

    // Whether the model is the paper's.
    get plain() {
        const { features, depth, dim } = this.model;
        return !this.crossEntropy && features === "linear" && depth === 1 && dim === this.K;
    }

    get crossEntropy() {
        return this.model.loss === "cross-entropy";
    }

    get dimensions() {
        return this.model.dim;
    }

    // Everything that is shown at one setting.
    state({ lambda_w, lambda_h, lambda_b }, view) {
        const { law, w, K, crossEntropy } = this;
        const frame = law.at(lambda_w, lambda_h, lambda_b);
        const transition = law.transition(lambda_w, lambda_h);
        const { side, along } = law.free(lambda_w, lambda_h);
        const narrow = law.narrow ? law.narrow(lambda_w, lambda_h) : false;
        return {
            lambda_w, lambda_h, lambda_b, K, transition, model: this.model, plain: this.plain, crossEntropy,
            loss: frame.loss,
            threshold: law.threshold(lambda_w, lambda_h),
            cosines: frame.cosines,
            biasNorm: frame.beta * Math.abs(w) / Math.sqrt(K),
            centring: w === 0 || crossEntropy ? NaN : frame.beta,
            rank: frame.rank,
            regime: frame.regime,
            orthogonal: law.orthogonal(lambda_w, lambda_h),
            transitionOfMse: crossEntropy && this.dimensions === K ? law.transitionOfMse(lambda_w, lambda_h) : null,
            latentFrom: law.latentFrom ? law.latentFrom(lambda_w, lambda_h) : null,
            tied: frame.tied === true, dropped: frame.dropped === true, contrasts: frame.contrasts,
            narrow, roomy: !narrow && !crossEntropy && this.model.features === "linear" && this.model.depth === 1,
            acuteLabels: Math.abs(w) > Math.abs(this.a),
            star: "λ_b*",
            sigma: frame.sigma,
            gram: (i, j) => frame.gram(i, j),
            gramScale: ((K - 1) * side ** 2 + along ** 2) / K || 1,
            ...this.drawing(frame, view),
        };
    }

    // The curves of the charts: positions on the axis of lambda_b, cosines and singular values, ends where they jump,
    // and the local minima beside them.
    path(lambda_w, lambda_h) {
        const { law } = this;
        const at = (lambda_b) => law.at(lambda_w, lambda_h, lambda_b);
        const star = law.transition(lambda_w, lambda_h);
        const ticks = Array.from({ length: MOST / 4 + 1 }, (_, i) => ({ x: 4 * i, lambda_b: lambdaBAt(4 * i) }));
        const sides = star === null ? null : law.sides(lambda_w, lambda_h, star);
        const points = (chosen) => chosen.map(({ x, lambda_b }) => [x, at(lambda_b)]);
        const x = star === null ? 0 : positionOf(star);
        const course = sides === null ? points(ticks) : [
            ...points(ticks.filter((tick) => tick.lambda_b < star)), [x, sides.before],
            ...(sides.jump ? [[x, null]] : []), [x, sides.after], ...points(ticks.filter((tick) => tick.lambda_b > star)),
        ];
        const latent = law.latent(lambda_w, lambda_h, star).map((piece) => {
            const places = ticks.filter((tick) => tick.lambda_b > piece.from && tick.lambda_b < piece.to);
            const ends = [piece.from, piece.to].map((lambda_b) => ({ x: positionOf(lambda_b), lambda_b }));
            return this.course([ends[0], ...places, ends[1]].map((tick) => [tick.x, piece.at(tick.lambda_b)]));
        });
        const ends = sides !== null && sides.jump ? [sides.before, sides.after] : [];
        return {
            ...this.course(course), latent, ends: this.course(ends.map((frame) => [x, frame])),
            threshold: law.threshold(lambda_w, lambda_h),
        };
    }

    // Frames at positions as curves; null leaves a gap.
    course(points) {
        const pick = (of) => points.map(([, frame]) => {
            const y = frame === null ? NaN : of(frame);
            return Number.isNaN(y) ? null : y;
        });
        const cosines = points.map(([, frame]) => (frame === null ? null : frame.cosines));
        const spread = cosines.some((c) => c !== null && c[2] - c[0] > 1e-12);
        const cosine = (i) => cosines.map((c) => (c === null || Number.isNaN(c[i]) ? null : c[i]));
        return {
            x: points.map(([x]) => x),
            cosines: spread ? { low: cosine(0), mean: cosine(1), high: cosine(2) } : { mean: cosine(1) },
            sigma: this.law.curves.map((curve, i) => ({ ...curve, width: 3, y: pick((frame) => frame.sigma[i]) })),
        };
    }

    // Class means, and labels minus bias or probabilities, on three axes.  The mean direction is the vector of ones; the axes across it are all
    // equal, and the first two are chosen so that the classes lie on a circle.
    drawing(frame, view) {
        const { a, w, K } = this;
        const { beta, contrasts } = frame;
        const withMean = this.withMean(frame, view);
        const third = (x) => (withMean ? x / Math.sqrt(K) : 0);
        const means = this.means(frame, view);
        const { up, out } = this.law.targets(frame);
        const labels = this.cloud(up, out, K, withMean);
        return {
            means, labels, withMean,
            codes: this.cloud(w, a, K, withMean),
            labelMean: [0, 0, third(w)],
            bias: [0, 0, third(beta * w)],
            kept: share(means, frame.along ** 2 + contrasts * frame.side ** 2),
            labelsKept: share(labels, up ** 2 + (K - 1) * out ** 2),
        };
    }

    means(frame, view) {
        const [up, out] = [Math.sign(this.w) * frame.along, Math.sign(this.a) * frame.side];
        return this.cloud(up, out, frame.alive, this.withMean(frame, view));
    }

    withMean(frame, view) {
        return view === "mean" || this.exact || frame.along > frame.side;
    }

    // All classes at the height ``up``, the first ``size`` of them around the axis.
    cloud(up, out, size, withMean) {
        const height = up / Math.sqrt(this.K);
        return Array.from({ length: this.K }, (_, k) => {
            const [x, y, z] = k < size ? contrast(k, size) : [0, 0, 0];
            return [out * x, out * y, withMean ? height : out * z];
        });
    }

    // The units of the pictures: what is longest without weight decay and bias.
    scales({ lambda_w, lambda_h }, view) {
        const free = { ...this.law.free(lambda_w, lambda_h), beta: 0, parted: 0, contrasts: this.K - 1, alive: this.K };
        const { means, codes } = this.drawing(free, view);
        return { means: Math.max(...means.map(norm)), labels: Math.max(...codes.map(norm)) };
    }

    // Where the class means go; null where they jump.
    trails({ lambda_w, lambda_h }, view) {
        const { law } = this;
        const star = law.transition(lambda_w, lambda_h);
        const sides = star === null ? null : law.sides(lambda_w, lambda_h, star);
        const trail = [0, ...[...Array(41).keys()].map((i) => lambdaBAt(25 * i || 1)), Infinity];
        const frames = (chosen) => chosen.map((lambda_b) => law.at(lambda_w, lambda_h, lambda_b));
        const course = sides === null || !sides.jump ? frames(trail) : [
            ...frames(trail.filter((x) => x < star)), sides.before, null, sides.after, ...frames(trail.filter((x) => x > star)),
        ];
        return course.map((frame) => (frame === null ? null : this.means(frame, view)));
    }
}

function lawOf({ loss, features, depth, dim }, codes) {
    if (loss === "cross-entropy") return features === "relu" ? new CrossEntropyReluLaw(codes) : new CrossEntropyLaw(codes);
    if (features === "relu") return new ReluLaw(codes);
    return depth > 1 || dim < codes.K ? new DirectionsLaw(codes, { depth, dim }) : new PlainLaw(codes);
}

// Class k of K on three orthonormal axes across the mean direction.
function contrast(k, K) {
    if (K === 1) return [0, 0, 0];
    if (K === 2) return [k === 0 ? Math.SQRT1_2 : -Math.SQRT1_2, 0, 0];
    const angle = 2 * Math.PI * k / K;
    const size = Math.sqrt(2 / K);
    const third = K === 3 ? 0 : K === 4 ? (k % 2 ? -0.5 : 0.5) : size * Math.cos(2 * angle);
    return [size * Math.cos(angle), size * Math.sin(angle), third];
}

function norm(p) {
    return Math.hypot(...p);
}

// The share of the squared lengths that a projection keeps.
function share(points, whole) {
    const kept = points.reduce((sum, p) => sum + p[0] ** 2 + p[1] ** 2 + p[2] ** 2, 0);
    return whole > 0 ? Math.min(1, kept / whole) : NaN;
}

// Whether a I + q J of K classes are probabilities whose own class is the likeliest: what T16 has a closed form for.
function isProbability([a, q, w], K) {
    return a > 0 && q >= 0 && Math.abs(w - 1) <= 8 * Number.EPSILON * Math.max(K, 4);
}
