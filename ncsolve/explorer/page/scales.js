// Sliders run over whole positions; these scales say which value each position stands for.

// lambda_b from 0 to inf: the ends are exactly 0 and inf, between them the scale is logarithmic.
// The charts use the same positions on their horizontal axes, so that their cursors stand above the thumb.
const MOST = 1000;
const DECADES = [-5, 3];

function positionOf(lambdaB) {
    if (lambdaB === 0) return 0;
    if (lambdaB === Infinity) return MOST;
    const share = (Math.log10(lambdaB) - DECADES[0]) / (DECADES[1] - DECADES[0]);
    return 1 + (MOST - 2) * Math.min(1, Math.max(0, share));
}

function lambdaBAt(position) {
    if (position <= 0) return 0;
    if (position >= MOST) return Infinity;
    const share = (position - 1) / (MOST - 2);
    return threeDigits(10 ** (DECADES[0] + (DECADES[1] - DECADES[0]) * share));
}

function powerOfTen(exponent) {
    return `10<sup>${String(exponent).replace("-", "−")}</sup>`;
}

const LAMBDA_B_TICKS = [
    [0, "0"], ...[-4, -3, -2, -1, 0, 1, 2].map((e) => [positionOf(10 ** e), powerOfTen(e)]), [MOST, "∞"],
];

// Weight decay: logarithmic, a hundredth of a decade a step.
class LogScale {
    constructor(least, most) {
        this.low = Math.floor(Math.log10(least) + 1e-9);
        this.high = Math.ceil(Math.log10(most) - 1e-9);
        this.most = 100 * (this.high - this.low);
    }

    position(value) {
        return Math.round(100 * (Math.log10(value) - this.low));
    }

    value(position) {
        return threeDigits(10 ** (this.low + position / 100));
    }
}

function threeDigits(value) {
    return Number(value.toPrecision(3));
}

function nearestIndex(values, wanted, place) {
    const target = place(wanted);
    let best = 0;
    values.forEach((value, i) => {
        if (Math.abs(place(value) - target) < Math.abs(place(values[best]) - target)) best = i;
    });
    return best;
}
