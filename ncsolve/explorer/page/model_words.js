// Sentences of the models: bottlenecks (T8), deep heads (T9), ReLU features (T10) and cross-entropy (T16).

function thresholdName({ plain, model }) {
    return plain || model.depth === 1 ? "T" : "g*";
}

function modelStory(state) {
    const { features } = state.model;
    if (state.crossEntropy) return [crossEntropyStory(state)];
    if (features === "relu") return [reluStory(state)];
    return state.narrow ? bottleneckStory(state) : deepStory(state);
}

const NOTHING = "Every direction costs more than it gains: every class mean is zero, and only a bias is left. Less weight "
    + "decay brings them back.";

function deepStory(state) {
    const { K, regime, transition, latentFrom, lambda_b } = state;
    const flat = `${K} class means in ${K - 1} dimension${K > 2 ? "s" : ""}`;
    if (regime === "collapsed" && transition === null) {
        return [NOTHING];
    }
    if (transition === null) return [`Simplex ETF for every λ_b: ${flat}; the label mean costs more than it gains.`];
    const star = `λ_b* = ${shortText(transition)}`;
    const first = regime === "collapsed" || state.contrasts === 0 ? "All class means are zero" : "Simplex ETF";
    if (lambda_b === transition) {
        return [`Two global minimizers tie at ${star}: the one that is shown, and one with the label mean in the class `
            + "means (rings in the curves)."];
    }
    if (lambda_b < transition) {
        const sentences = [`${first} up to ${star}, where the label mean jumps into the class means.`];
        if (lambda_b > latentFrom) sentences.push("With the label mean in there is a local minimum already (dashed).");
        return sentences;
    }
    return [`${first} up to ${star}, where the label mean jumped into the class means: now ${DEEP_REGIMES[regime]}. `
        + "Without it there is still a local minimum (dashed)."];
}

const DEEP_REGIMES = {
    simplex: "still close to a simplex ETF",
    intermediate: "the frame is between a simplex ETF and an orthogonal frame",
    orthogonal: "the frame is orthogonal",
    acute: "the label mean outweighs the contrasts, and all angles are below 90°",
};

function bottleneckStory(state) {
    const { K, regime, transition, lambda_b, contrasts, tied } = state;
    const d = state.model.dim;
    const room = `${d} dimension${d > 1 ? "s" : ""}`;
    if (regime === "collapsed") {
        return [NOTHING];
    }
    const held = contrasts === K - 1 ? `the ${K - 1} contrasts between classes` : `${contrasts} of the ${K - 1} contrasts `
        + `between classes, any ${contrasts} (drawn: those of the first ${contrasts + 1} classes, a simplex ETF)`;
    if (transition !== null && lambda_b > transition) {
        const rest = contrasts === 0 ? "and all class means coincide" : `and there is room for ${held}`;
        return [`From λ_b* = ${shortText(transition)} on the label mean takes one of the ${room}, ${rest}.`];
    }
    const frame = regime === "simplex" ? `Simplex ETF in ${room}` : `The ${room} hold ${held}`;
    if (tied) {
        return [`${frame}. The label mean and the contrasts tie: any ${d > 1 ? `${d} directions are` : "direction is"} a `
            + "global minimizer."];
    }
    if (transition !== null) {
        return [`${frame}, up to λ_b* = ${shortText(transition)}, from where on the label mean takes one of them.`];
    }
    return [`${frame}, for every finite λ_b: no dimension is left for the label mean.`];
}

function reluStory(state) {
    const { regime, transition, lambda_b, K, contrasts } = state;
    const [where, all] = [transition === null ? "" : shortText(transition), K === 1 ? "the" : "every"];
    if (regime === "collapsed") {
        return `Weight decay is above the labels' lengths: ${all} class mean is zero, and only a bias is left. Less weight `
            + `decay${where === "" ? "" : ` or, beyond λ_b* = ${where}, a shorter bias`} brings them back.`;
    }
    if (transition === null) {
        const free = lambda_b === 0 && K === 2 ? " A free bias may lie anywhere between the two codes." : "";
        return `Orthogonal frame for every λ_b, as all classes have as many samples: features H ≥ 0 meet at no angle `
            + `above 90°.${free}`;
    }
    const star = `λ_b* = ${where}`;
    if (contrasts === 0) return `One and the same class mean for all: up to ${star} it is zero.`;
    if (regime === "orthogonal" && lambda_b > transition) {
        return `Orthogonal frame: features H ≥ 0 meet at no angle above 90°. Up to ${star} every class mean is zero.`;
    }
    if (regime === "acute") {
        return `Acute frame: beyond ${star} the label mean outweighs the contrasts, and H ≥ 0 costs nothing.`;
    }
    return `Orthogonal frame up to ${star}: features H ≥ 0 meet at no angle above 90°. Beyond it the frame is acute.`;
}

function crossEntropyStory(state) {
    const { regime, K, transitionOfMse } = state;
    if (regime === "collapsed") {
        return "Weight decay is above what parts the labels: every class mean is zero, and all outputs are alike. Less "
            + "weight decay brings them back.";
    }
    if (state.model.features === "relu") {
        return "Orthogonal frame for every λ_b, as all classes have as many samples: features H ≥ 0 meet at no angle above "
            + "90°.";
    }
    // In fewer dimensions MSE has another minimizer.
    const contrast = transitionOfMse === null ? "" : " Under MSE the label mean would enter them beyond λ_b* = "
        + `${shortText(transitionOfMse)}; under cross-entropy it never does.`;
    return `Simplex ETF for every λ_b: ${K} class means in ${K - 1} dimension${K > 2 ? "s" : ""}, all angles equal and as wide `
        + `as they can be.${contrast}`;
}

function crossEntropyBias(lambda_b) {
    if (lambda_b === Infinity) return "There is no bias, and with one it would be zero.";
    const free = lambda_b === 0 ? ", up to a constant, which softmax does not see" : "";
    return `The bias is zero, as all classes have as many samples${free}.`;
}

// Title and key of the picture of the labels.
function targetWords({ crossEntropy }) {
    if (crossEntropy) {
        return ["Probabilities of the classes", "Dots: softmax(W h_k + b). Circles: the labels e_k, which weight decay keeps "
            + "them from."];
    }
    return ["Labels minus bias, e_k − b", "Circles: the labels e_k. Arrow: −b moves their mean μ towards the origin."];
}

// Why a control of the model is switched off, or what the model is.
function modelNote({ model, grid, K, probability }) {
    if (grid) {
        return "Imbalanced counts, codes other than a I + q J and a single class are shown for MSE, linear features, one layer "
            + "and all dimensions: beyond that no closed form holds for every λ_b. ncsolve minimizer solves them at one λ_b.";
    }
    if (model.loss === "cross-entropy") {
        const room = model.features === "relu" ? "K dimensions" : "K or K − 1 dimensions";
        return "Cross-entropy is for codes that are probabilities, one-hot or smoothed. Deep heads and bottlenecks under it are "
            + `open problems: one layer and ${room} are shown.`;
    }
    const codes = probability ? "" : " Cross-entropy is for codes that are probabilities, which these are not.";
    if (model.features === "relu") {
        return "ReLU features under a deep head are an open problem, and in fewer than K dimensions no closed form is "
            + `known: one layer and K dimensions are shown.${codes}`;
    }
    const notes = [];
    if (model.depth > 1) {
        notes.push(`Deep head W = W_{${model.depth}} ⋯ W_1: λ_W is the weight decay of each layer, or their geometric `
            + "mean, which is all that matters.");
    }
    if (model.dim !== null && model.dim < K) {
        notes.push("Fewer dimensions than classes: a bottleneck where the minimizer needs more.");
    }
    return notes.join(" ") + codes;
}

// Title, text and axis of the chart of the singular values.
function sigmaWords({ plain, crossEntropy, model, acuteLabels, K }) {
    if (crossEntropy) {
        const rest = "what is above T shrinks by T in the probabilities; what is below it (shaded) is lost, whatever λ_b is.";
        return model.features === "relu"
            ? ["Length of the labels minus their mean", `√n ‖e_k − μ‖, the same for all classes; ${rest}`, "length"]
            : ["Singular values of the labels minus their mean", `All are the same; ${rest}`, "singular value"];
    }
    const title = "Singular values of the labels minus bias";
    const lost = `what is below it (shaded) is lost${plain || model.dim === K ? "" : ", and so is what finds no dimension"}.`;
    if (plain || (model.features === "linear" && model.depth === 1)) {
        return [title, `What is above T shrinks by T, ${lost}`, "singular value"];
    }
    if (model.features === "relu") {
        const later = acuteLabels ? " Up to λ_b* they are one curve; beyond it there are singular values:" : "";
        return [
            acuteLabels ? "Lengths, then singular values, of the labels minus bias" : "Length of the labels minus bias",
            `√n ‖e_k − b‖, the same for all classes; what is above T shrinks by T.${later}`,
            acuteLabels ? "length, singular value" : "length",
        ];
    }
    const least = `${model.depth - 1}/${model.depth}`;
    return [title, `What is above g* shrinks, to ${least} of itself or more; ${lost}`, "singular value"];
}
