// A frame of class means by a few numbers: its Gram matrix is side^2 P + along^2 J/K, where P projects on the contrasts
// between classes, on all K - 1 or, under a bottleneck, on those of the first contrasts + 1 classes.

// As in ncsolve: two lengths of a frame are equal, or one is zero, to a few roundings.
const EQUAL = 1e-13;

// Whether the label mean's singular value is below (-1), equal to (0) or above (1) that of the contrasts wherever it is
// in the class means, as in ncsolve/_frames/regimes.py; NaN where their sizes have to tell.
function meanOrder({ a, w }, lambda_b) {
    const [side, along] = [Math.abs(a), Math.abs(w)];
    if (Math.abs(along - side) <= 4 * Number.EPSILON * (side + Math.abs(w - a))) return lambda_b === Infinity ? 0 : -1;
    if (along < side) return -1;
    return lambda_b === Infinity ? 1 : NaN;
}

class Frame {
    // beta: b = beta mu; sigma: what is drawn over lambda_b, one number a curve, NaN where a curve is not; diagonal and
    // inner: the Gram matrix where it is known without cancellation; order: what ``meanOrder`` says.
    constructor({ K, contrasts, side, along, beta, loss, sigma, diagonal, inner, order = NaN }) {
        Object.assign(this, { K, contrasts, beta, loss, sigma, order });
        this.side = contrasts > 0 ? side : 0;
        this.along = along;
        const [m, s] = [along ** 2 / K, this.side ** 2];
        const size = this.regular ? K : contrasts + 1;
        this.alive = size;  // classes with a part in the contrasts
        this.diagonal = diagonal === undefined ? m + s * (size - 1) / size : diagonal;
        this.inner = inner === undefined ? (this.regular ? (along ** 2 - s) / K : m - s / size) : inner;
        this.rest = m;  // the entries of all other classes
    }

    // Whether all classes are alike.
    get regular() {
        return this.contrasts === 0 || this.contrasts === this.K - 1;
    }

    get rank() {
        return (this.along > 0 ? 1 : 0) + (this.side > 0 ? this.contrasts : 0);
    }

    gram(i, j) {
        if (Math.max(i, j) >= this.alive) return this.rest;
        return i === j ? this.diagonal : this.inner;
    }

    // The least, mean and largest cosine between nonzero class means.
    get cosines() {
        const { alive, K, diagonal, inner, rest } = this;
        const others = K - alive;
        const pairs = [];
        if (diagonal > 0) pairs.push([alive * (alive - 1) / 2, inner / diagonal]);
        if (rest > 0) {
            pairs.push([alive * others, rest / Math.sqrt(diagonal * rest)], [others * (others - 1) / 2, 1]);
        }
        const seen = pairs.filter(([count]) => count > 0).map(([count, x]) => [count, Math.max(-1, Math.min(1, x))]);
        if (!seen.length) return [NaN, NaN, NaN];
        if (seen.length === 1) return [seen[0][1], seen[0][1], seen[0][1]];
        const total = seen.reduce((sum, [count]) => sum + count, 0);
        return [
            Math.min(...seen.map(([, x]) => x)), seen.reduce((sum, [count, x]) => sum + count * x, 0) / total,
            Math.max(...seen.map(([, x]) => x)),
        ];
    }

    get regime() {
        if (this.rank === 0) return "collapsed";
        if (!this.regular) return "general";
        const [mean, across] = [this.along ** 2, this.side ** 2];
        const size = Math.max(mean, across);
        if (mean <= EQUAL * size) return "simplex";
        if (across > EQUAL * size && !Number.isNaN(this.order)) {
            return this.order < 0 ? "intermediate" : this.order > 0 ? "acute" : "orthogonal";
        }
        if (Math.abs(mean - across) <= EQUAL * size) return "orthogonal";
        return mean < across ? "intermediate" : "acute";
    }
}
