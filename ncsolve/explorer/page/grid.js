// A problem that ncsolve solved on a grid: its numbers are read, never computed, and the sliders snap to the grid.

class GridProblem {
    constructor(data) {
        this.K = data.classes;
        this.drawn = data.drawn;  // numbers of the classes in the pictures, all or some
        this.sigmas = data.sigmas;  // and of the singular values
        this.counts = data.counts;
        this.codeLength = data.code_length;
        this.classNames = data.class_names;
        this.exact = data.exact;
        this.labelsExact = data.labels_exact;
        this.views = data.views;  // sets of axes: one where both would be the same
        this.codes = pointsOf(floats(data.codes), this.views, this.drawn.length);
        const mean = floats(data.label_mean);
        this.labelMean = this.codes.map((_, v) => [...mean.slice(3 * v, 3 * v + 3)]);
        this.rows = data.rows.map((row) => ({ ...row, decoded: null }));
        this.weightDecays = this.rows.map((row) => row.lambda_w);
        this.unit = Math.max(...this.rows.map((row) => {
            const { gram, grid } = this.decode(row);
            const last = this.upper(gram, grid.length - 1);
            return Math.max(...this.drawn.map((_, k) => last[this.place(k, k)]));
        })) || 1;
    }

    decode(row) {
        if (row.decoded === null) {
            const grid = [...floats(row.lambda_b)];
            row.decoded = {
                grid, gram: floats(row.gram), numbers: floats(row.numbers), sigma: floats(row.sigma),
                means: pointsOf(floats(row.means), this.views * grid.length, this.drawn.length),
                bias: floats(row.bias), labelSize: floats(row.label_size),
            };
        }
        return row.decoded;
    }

    rowFor(lambda_w) {
        return this.rows[nearestIndex(this.weightDecays, lambda_w, Math.log10)];
    }

    grid(lambda_w) {
        return this.decode(this.rowFor(lambda_w)).grid;
    }

    state({ lambda_w, lambda_b }, view) {
        const row = this.rowFor(lambda_w);
        const data = this.decode(row);
        const i = nearestIndex(data.grid, lambda_b, positionOf);
        const [loss, low, mean, high, biasNorm, centring, rank] = data.numbers.slice(7 * i, 7 * i + 7);
        const gram = this.upper(data.gram, i);
        const v = this.viewIndex(view);
        const at = 3 * (this.views * i + v);
        const bias = [...data.bias.slice(at, at + 3)];
        const means = data.means[this.views * i + v];
        const labels = this.codes[v].map((p) => p.map((x, axis) => x - bias[axis]));
        const size = this.drawn.reduce((sum, _, k) => sum + gram[this.place(k, k)], 0);
        return {
            lambda_w: row.lambda_w, lambda_h: row.lambda_h, lambda_b: data.grid[i], loss, K: this.K, plain: true,
            threshold: row.threshold, cosines: [low, mean, high], biasNorm, centring, rank,
            regime: rank === 0 ? "collapsed" : "general",
            transition: row.transition, orthogonal: null, star: "λ_b⁺",
            sigma: [...data.sigma.slice(this.sigmas.length * i, this.sigmas.length * (i + 1))],
            gram: (a, b) => gram[this.place(Math.min(a, b), Math.max(a, b))],
            gramScale: this.unit,
            means, labels, bias, withMean: v === 0 && norm(this.labelMean[v]) > 0,
            codes: this.codes[v], labelMean: this.labelMean[v],
            kept: share(means, size),
            labelsKept: share(labels, data.labelSize[i]),
        };
    }

    viewIndex(view) {
        return view === "mean" ? 0 : this.views - 1;
    }

    get dimensions() {
        return this.width;
    }

    get width() {
        return Math.min(this.K, this.codeLength);
    }

    // What the pictures leave out.
    get omitted() {
        const parts = [];
        if (this.drawn.length < this.K) {
            parts.push(`${this.drawn.length} of ${this.K} classes are drawn, evenly chosen from the largest to the smallest`);
        }
        if (this.sigmas.length < this.width) {
            parts.push(`${this.sigmas.length} of ${this.width} singular values are drawn`);
        }
        return parts.length ? `${parts.join("; ")}. Loss, cosines and all other numbers are those of all classes.` : "";
    }

    // The upper triangle of the Gram matrix at grid point i, and where an entry stands in it.
    upper(gram, i) {
        const size = this.drawn.length * (this.drawn.length + 1) / 2;
        return gram.slice(size * i, size * (i + 1));
    }

    place(i, j) {
        return i * this.drawn.length - i * (i - 1) / 2 + j - i;
    }

    path(lambda_w) {
        const row = this.rowFor(lambda_w);
        const { grid, numbers, sigma } = this.decode(row);
        const pick = (offset) => grid.map((_, i) => (Number.isNaN(numbers[7 * i + offset]) ? null : numbers[7 * i + offset]));
        return {
            x: grid.map(positionOf),
            cosines: { low: pick(1), mean: pick(2), high: pick(3) },
            sigma: this.sigmas.map((number, j) => ({
                name: `singular value ${number + 1}`, tone: "accent", width: 1.5,
                y: grid.map((_, i) => sigma[this.sigmas.length * i + j]),
            })),
            threshold: row.threshold, latent: [], ends: null,
        };
    }

    // The units of the pictures: what is longest on the whole grid.
    scales(_, view) {
        const v = this.viewIndex(view);
        const drawn = this.rows.flatMap((row) => this.decode(row).means.filter((_, i) => i % this.views === v).flat());
        return { means: Math.max(...drawn.map(norm)), labels: Math.max(...this.codes[v].map(norm)) };
    }

    trails({ lambda_w }, view) {
        const { grid, means } = this.decode(this.rowFor(lambda_w));
        return grid.map((_, i) => means[this.views * i + this.viewIndex(view)]);
    }
}

// The floats behind a base64 text, bit by bit those of Python.
function floats(text) {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    return new Float64Array(bytes.buffer);
}

// Blocks of shape (3, K) as lists of K points.
function pointsOf(values, blocks, K) {
    return Array.from({ length: blocks }, (_, block) => Array.from({ length: K }, (_, k) => (
        [0, 1, 2].map((axis) => values[block * 3 * K + axis * K + k]))));
}
