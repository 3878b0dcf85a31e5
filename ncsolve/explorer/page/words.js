// Numbers and sentences.

function shortText(value, digits = 4) {
    if (value === Infinity) return "∞";
    if (value === 0) return "0";
    const text = Number(value.toPrecision(digits)).toString();
    return text.replace(/-/g, "−").replace("e+", "e");
}

function degrees(cosine) {
    return `${(Math.acos(Math.max(-1, Math.min(1, cosine))) * 180 / Math.PI).toFixed(2)}°`;
}

function percent(part) {
    const text = (100 * part).toPrecision(3);
    return `${Number(text)} %`;
}

// Text with indices: λ_b, h_k and ‖ as people write them, as nodes (class names may hold anything).
function typeset(element, text) {
    element.replaceChildren(...text.split(/(?<=[λheW])_(\{[^}]*\}|\w)/).map((part, i) => {
        if (i % 2 === 0) return document.createTextNode(part);
        const index = document.createElement("sub");
        index.textContent = part.replace(/^\{|\}$/g, "");
        return index;
    }));
}

const REGIMES = {
    collapsed: "collapsed: all class means are zero",
    simplex: "simplex ETF",
    intermediate: "between simplex ETF and orthogonal frame",
    orthogonal: "orthogonal frame",
    acute: "acute: angles below 90°",
};

// Two or three sentences: what is seen, in which regime, and where the next one begins.
function story(state, problem) {
    const sentences = !state.plain && !state.roomy ? modelStory(state)
        : state.regime === "general" ? generalStory(state, problem) : namedStory(state);
    const { centring, lambda_b } = state;
    if (state.crossEntropy) {
        sentences.push(crossEntropyBias(lambda_b));
    } else if (Number.isNaN(centring)) {
        sentences.push("The label mean is zero already, so there is nothing for the bias to do.");
    } else if (lambda_b === 0) {
        sentences.push("The free bias is the label mean: it moves the labels so that their mean is the origin.");
    } else if (lambda_b === Infinity) {
        sentences.push("There is no bias: the labels stay where they are.");
    } else {
        sentences.push(`The bias takes ${percent(centring)} of the label mean out of the labels.`);
    }
    return sentences.join(" ");
}

function namedStory(state) {
    const { regime, K, transition, lambda_b, orthogonal } = state;
    const star = transition === null ? null : shortText(transition);
    const flat = `${K} class means in ${K - 1} dimension${K > 2 ? "s" : ""}`;
    if (regime === "collapsed") {
        return ["Weight decay is above the labels' singular values: every class mean is zero, and only a bias is left. "
            + "Less weight decay brings them back."];
    }
    if (regime === "simplex") {
        const until = star === null ? "for every λ_b" : `up to λ_b* = ${star}`;
        return [`Simplex ETF ${until}: ${flat}, all angles equal and as wide as they can be.`];
    }
    if (regime === "orthogonal") {
        return ["Orthogonal frame: the label mean and the contrasts weigh the same, and all angles are 90°."];
    }
    if (regime === "intermediate") {
        const here = lambda_b === Infinity ? "" : ` here λ_b is ${shortText(lambda_b / transition, 3)} times that:`;
        const end = orthogonal === null ? "towards" : `to`;
        const where = orthogonal === null ? "" : `, which it reaches at λ_b = ${shortText(orthogonal)}`;
        return [`Simplex ETF up to λ_b* = ${star};${here} the label mean has entered the class means, and the frame opens `
            + `out of its plane ${end} the orthogonal frame${where}.`];
    }
    if (lambda_b === Infinity || orthogonal === null) {
        return ["Acute frame: the label mean outweighs the contrasts between the classes, and all angles are below 90°."];
    }
    return [`Acute frame: beyond λ_b = ${shortText(orthogonal)} the label mean outweighs the contrasts between the `
        + "classes, and all angles are below 90°."];
}

function generalStory(state, problem) {
    const { transition, lambda_b, rank, K } = state;
    const who = K === 1 ? "The class mean of the only class spans" : `The ${K} class means span`;
    const dimensions = `${who} ${rank} dimension${rank === 1 ? "" : "s"}`;
    const [low, , high] = state.cosines;
    if (transition === null) {
        return [Number.isNaN(low) ? `${dimensions}.` : `${dimensions}, at angles from ${degrees(high)} to ${degrees(low)}.`];
    }
    const plus = shortText(transition);
    if (lambda_b >= transition) {
        return [`${dimensions}. λ_b is at or above λ_b⁺ = ${plus}: against no bias, the bias lowers every inner product `
            + `by λ_W/λ_b = ${shortText(state.lambda_w / lambda_b)}.`];
    }
    const most = Math.min(problem.codeLength, K);
    const lost = rank < most ? `, ${most - rank} fewer than without a bias` : "";
    return [`${dimensions}${lost}. λ_b is below λ_b⁺ = ${plus}, from where on the bias lowers all inner products alike.`];
}

// How a picture in three dimensions stands to the space it is of.
function projectionText(exact, dimensions, withMean, kept, what) {
    if (exact) return dimensions === 1 ? "Exact: the one dimension is drawn." : `Exact: all ${dimensions} dimensions are drawn.`;
    const axes = withMean
        ? "the mean direction (vertical) and the two leading principal axes across it"
        : "the three leading principal axes";
    const share = Number.isNaN(kept) ? "" : `; keeps ${percent(kept)} of the variance about the origin`;
    return `${what} in ${dimensions} dimensions, projected on ${axes}${share}.`;
}
