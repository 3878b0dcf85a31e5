// The page: one state, drawn as pictures, curves, a matrix and numbers.

const data = JSON.parse(byId("data").textContent);
const camera = new Camera();
const features = new Space(byId("features"), camera);
const labels = new Space(byId("labels"), camera);
const heat = new HeatMap(byId("heat"), byId("heat-numbers"), byId("heat-caption"));
const charts = new Charts(byId("cosines"), byId("sigma"));
let controls = null;
let pending = null;
let shown = null;

// Several events between two frames are one update, of the largest extent asked for.
const LEVELS = ["point", "path", "problem"];

function update(level) {
    if (pending === null) requestAnimationFrame(draw);
    if (pending === null || LEVELS.indexOf(level) > LEVELS.indexOf(pending)) pending = level;
}

function draw() {
    const level = pending;
    pending = null;
    const { problem, setting } = controls;
    const { view } = setting;
    const state = problem.state(setting, view);
    if (level === "problem") build(problem);
    if (level !== "point") {
        const path = problem.path(setting.lambda_w, setting.lambda_h);
        const scales = problem.scales(setting, view);
        const trails = problem.trails(setting, view).map((step) => step && step.map(inUnit(scales.means)));
        shown = { scales, trails };
        charts.draw(path, state);
        keys(path, state);
    } else {
        charts.move(state);
    }
    controls.offer(state);
    drawSpaces(problem, state);
    heat.show(state, charts.theme.background);
    readOut(state, problem);
    window.ncsolve.state = state;
}

function build(problem) {
    const drawn = problem.drawn || Array.from({ length: problem.K }, (_, k) => k);
    const names = drawn.map((k) => (problem.classNames ? problem.classNames[k] : String(k)));
    features.build({ K: drawn.length, names, withArrow: false });
    labels.build({ K: drawn.length, names, withArrow: true });
    heat.build(drawn.length, names);
}

function drawSpaces(problem, state) {
    const { scales, trails } = shown;
    const feature = inUnit(scales.means);
    const label = inUnit(scales.labels);
    const upName = state.withMean ? "mean" : "";
    const points = state.means.map(feature);
    features.show({
        points, upName, trails, middle: middle(trails.filter((step) => step !== null).flat()),
        flat: state.withMean ? Math.max(...points.map((p) => Math.hypot(p[0], p[1]))) : 0,
    });
    const mean = label(state.labelMean);
    const bias = label(state.bias);
    const ghosts = state.codes.map(label);
    labels.show({
        points: state.labels.map(label), upName, ghosts,
        middle: middle([...ghosts, ...ghosts.map((p) => [p[0], p[1], p[2] - mean[2]])]),
        arrow: { from: mean, to: mean.map((x, i) => x - bias[i]) }, flat: 0,
    });
    const labelsExact = problem instanceof GridProblem ? problem.labelsExact : problem.exact;
    byId("features-note").textContent = projectionText(
        problem.exact, problem.dimensions, state.withMean, state.kept, "Class means");
    byId("labels-note").textContent = projectionText(
        labelsExact, problem.codeLength, state.withMean, state.labelsKept, state.crossEntropy ? "Probabilities" : "Labels");
}

// What the curves are.
function keys(path, state) {
    const [title, text] = sigmaWords(state);
    typeset(byId("sigma-title"), title);
    typeset(byId("sigma-text"), text);
    byId("sigma").setAttribute("aria-label", `${title}, over lambda_b`);
    const [points, what] = targetWords(state);
    typeset(byId("labels-title"), points);
    typeset(byId("labels-key"), what);
    byId("labels").setAttribute("aria-label", `${points}, in three dimensions`);
    byId("band-key").hidden = path.cosines.low === undefined || state.K === 1;
    byId("single-key").hidden = state.K > 1;
    byId("lines-key").hidden = !(state.plain ? path.sigma[0].width === 3 : path.sigma.length > 1);
    const rings = path.ends !== null && path.ends.x.length > 0;
    byId("latent-key").textContent = rings ? `Rings: both global minimizers where they tie${path.latent.length ? "; dashed: "
        + "local minima" : ""}.` : "";
    byId("latent-key").hidden = !rings;
}

function inUnit(unit) {
    return (p) => p.map((x) => x / (unit || 1));
}

// Half way between the lowest and the highest point, the origin among them: the height that the camera looks at.
function middle(points) {
    const heights = [0, ...points.map((p) => p[2])];
    return (Math.min(...heights) + Math.max(...heights)) / 2;
}

function readOut(state, problem) {
    typeset(byId("story"), story(state, problem));
    const [low, mean, high] = state.cosines;
    const spread = Math.abs(high - low) > 1e-12;
    const none = "undefined";
    const angle = spread ? `${degrees(high)} to ${degrees(low)}` : degrees(mean);
    say("cosine", Number.isNaN(mean) ? none : tenDigits(mean), mean);
    byId("cosine-name").textContent = spread ? "mean cosine" : "cosine";
    say("angle", Number.isNaN(mean) ? none : angle, mean);
    say("loss", tenDigits(state.loss), state.loss);
    const named = state.regime in REGIMES;  // the story tells of the others
    byId("regime").closest("div").hidden = !named;
    say("regime", named ? REGIMES[state.regime] : "", null);
    say("bias", `${shortText(state.biasNorm, 6)}`, state.biasNorm);
    byId("centring").closest("div").hidden = state.crossEntropy === true;
    say("centring", Number.isNaN(state.centring) ? none : percent(state.centring), state.centring);
    say("rank", String(state.rank), state.rank);
    say("threshold", shortText(state.threshold, 6), state.threshold);
    say("transition", state.transition === null ? "none" : shortText(state.transition, 6), state.transition);
    typeset(byId("transition-name"), state.star);
    byId("threshold-name").textContent = `threshold ${thresholdName(state)}`;
}

// What is displayed, and the same number with all its digits for whoever reads the page by program.
function say(id, text, value) {
    const output = byId(id);
    output.textContent = text;
    if (value !== null) output.dataset.value = String(value);
}

function tenDigits(value) {
    return shortText(value, 10);
}

function setTheme(dark) {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    byId("theme").setAttribute("aria-pressed", String(dark));
    charts.readTheme();
    const [r, g, b] = charts.theme.card.match(/\w\w/g).map((x) => parseInt(x, 16));
    charts.theme.background = [r, g, b];
}

function start() {
    const wish = window.matchMedia("(prefers-color-scheme: dark)");
    setTheme(wish.matches);
    wish.addEventListener("change", (event) => { setTheme(event.matches); update("path"); });
    byId("theme").addEventListener("click", () => {
        setTheme(document.documentElement.dataset.theme !== "dark");
        update("path");
    });
    [["features", features], ["labels", labels]].forEach(([id]) => camera.follow(byId(id)));
    const angle = (id) => Number(byId(id).value) * Math.PI / 180;
    ["turn", "tilt"].forEach((id) => byId(id).addEventListener("input", () => camera.move(angle("turn"), angle("tilt"))));
    camera.listen(() => {
        byId("turn").value = Math.round(camera.turn * 180 / Math.PI);
        byId("tilt").value = Math.round(camera.tilt * 180 / Math.PI);
    });
    let width = window.innerWidth;
    window.addEventListener("resize", () => {
        if (window.innerWidth !== width) update("path");  // the charts have fewer ticks where there is little room
        width = window.innerWidth;
    });
    window.ncsolve = { formulas, AffineProblem, GridProblem, data, camera };
    controls = new Controls(data, update);
    window.ncsolve.controls = controls;
}

// plotly.js is large: it is read after the page has been painted, from an element that the browser does not run.
function loadCharts() {
    const script = document.createElement("script");
    script.textContent = byId("plotly").textContent;
    document.head.append(script);
    charts.ready = typeof Plotly === "object";
    document.querySelectorAll(".chart").forEach((element) => element.replaceChildren());
    if (charts.ready) update("path");
    document.documentElement.dataset.ready = String(charts.ready);
}

start();
window.addEventListener("load", () => requestAnimationFrame(() => setTimeout(loadCharts)));
