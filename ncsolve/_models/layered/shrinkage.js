// The scalar problem of one direction (T9): min over z >= 0 of (z - g)^2/(2N) + kappa z^(2/P), for a head of P - 1
// layers.  P = 2 is a single layer, whose threshold is soft.  The steps are those of shrinkage.py.

// As in ncsolve: what is left of a singular value at the threshold is rounding.
const RANK_NOISE = 16 * 2 ** -52;

class Shrinkage {
    constructor(constant, factors, samples) {
        Object.assign(this, { constant, factors, samples });
    }

    // Below it z = 0 is the global minimizer; there a branch ties with zero.
    get threshold() {
        return formulas.deep_threshold(this.constant, this.factors);
    }

    // Below it there is no stationary branch but z = 0.
    get existence() {
        return formulas.deep_existence(this.constant, this.factors);
    }

    // The global minimizer; at the threshold itself zero, or with tie the other one.
    minimize(g, tie = false) {
        if (g === 0) return 0;
        if (this.factors === 2) {
            const kept = formulas.soft_threshold(g, this.constant);
            return kept > RANK_NOISE * g ? kept : 0;
        }
        // The branch is compared with zero: a stationary point is no minimizer by itself.
        return g > this.threshold * (1 + (tie ? -RANK_NOISE : RANK_NOISE)) ? this.largerBranch(g) : 0;
    }

    // The local minimum z > 0 for g above the existence, by Newton's method falling from r = 1: the branch equation is
    // decreasing and concave there, so that no step overshoots.
    largerBranch(g) {
        const P = this.factors;
        if (P === 2) return formulas.soft_threshold(g, this.constant);
        const c = formulas.deep_relative_penalty(this.constant, g, P);
        let r = 1;
        for (let i = 0; i < 100; i += 1) {
            const step = formulas.deep_branch_equation(r, c, P) / formulas.deep_branch_slope(r, P);
            r -= step;
            if (Math.abs(step) <= 4e-16 * r) break;
        }
        return g * r ** P;
    }

    cost(z, g) {
        return formulas.fit_loss((z - g) ** 2, this.samples)
            + formulas.deep_penalty(z, this.constant, this.samples, this.factors);
    }

    // How much the minimizer is below z = 0.
    gain(g, z = this.minimize(g)) {
        return this.cost(0, g) - this.cost(z, g);
    }

    // The problem of the label mean, whose length the bias takes part of.
    withBias(lambda_b) {
        if (lambda_b === Infinity) return this;
        return new Shrinkage(
            formulas.deep_mean_constant(this.constant, lambda_b), this.factors, this.samples * (1 + 1 / lambda_b));
    }
}

// The root of a rising or falling function that changes sign between low and high, to the last digits of the root:
// the Illinois method, with a bisection at every third step.
function rootBetween(f, low, high) {
    let [fl, fh] = [f(low), f(high)];
    if (fl === 0) return low;
    if (fh === 0) return high;
    let last = 0;
    for (let i = 0; i < 300 && high - low > 2 ** -51 * Math.max(Math.abs(low), Math.abs(high)); i += 1) {
        const secant = low + (high - low) * (fl / (fl - fh));
        const inside = i % 3 < 2 && secant > low && secant < high;
        const x = inside ? secant : low + (high - low) / 2;
        const y = f(x);
        if (y === 0 || x === low || x === high) return x;
        if ((y < 0) === (fl < 0)) {
            [low, fl] = [x, y];
            if (last === -1) fh /= 2;
            last = -1;
        } else {
            [high, fh] = [x, y];
            if (last === 1) fl /= 2;
            last = 1;
        }
    }
    return low + (high - low) / 2;
}
