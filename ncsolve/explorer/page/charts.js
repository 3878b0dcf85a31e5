// The two curves over lambda_b, by plotly.js.  What is seen, the curves too, are shapes, because plotly moves shapes in
// a millisecond or two and draws traces in twenty.  The traces are transparent: they answer when a curve is pointed at.
// The cursor is no part of them: see cursor.js.

const CONFIG = {
    responsive: true, displaylogo: false, scrollZoom: false, doubleClick: false, modeBarButtons: [["toImage"]],
};
const CLEAR = "rgba(0,0,0,0)";
const IDLE = 250;  // milliseconds without a change, after which the traces follow

class Charts {
    constructor(cosines, sigma) {
        this.cosines = cosines;
        this.sigma = sigma;
        this.cursors = new Map([cosines, sigma].map((element) => [element, new Cursor(element)]));
        this.ready = false;
        this.drawn = new Map();
    }

    // Colours of the page's theme.
    readTheme() {
        const style = getComputedStyle(document.documentElement);
        const names = ["text", "quiet", "card", "rule", "accent", "second", "shade"];
        this.theme = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    }

    // The curves of one problem at one weight decay.
    draw(path, state) {
        if (!this.ready) return;
        this.plans = [this.cosinePlan(path, state), this.sigmaPlan(path, state)];
        clearTimeout(this.waiting);
        this.plans.forEach((plan) => {
            const key = JSON.stringify(plan.layout) + path.sigma.length;
            if (this.drawn.get(plan.element) !== key) {
                this.trace(plan);
                this.drawn.set(plan.element, key);
            } else {
                // All shapes at once: plotly takes longer over an edit of a single one.
                Plotly.relayout(plan.element, { shapes: plan.fixed });
            }
        });
        this.waiting = setTimeout(() => this.plans.forEach((plan) => this.trace(plan)), IDLE);
        this.move(state);
    }

    trace({ element, traces, layout, fixed }) {
        Plotly.react(element, traces(), { ...layout, shapes: fixed }, CONFIG);
    }

    move(state) {
        if (!this.ready) return;
        this.plans.forEach(({ element, layout, dots }) => {
            this.cursors.get(element).move(positionOf(state.lambda_b), dots(state), layout.yaxis.range);
        });
    }

    cosinePlan(path, state) {
        const { accent, second, shade } = this.theme;
        const { low, mean, high } = path.cosines;
        const latent = path.latent.map(({ x, cosines }) => [x, cosines.mean]);
        const simplex = state.K > 1 ? -1 / (state.K - 1) : -1;
        const seen = [simplex, 0, ...(low || mean), ...(high || mean), ...latent.flatMap(([, y]) => y)]
            .filter((y) => y !== null);
        const [bottom, top] = [Math.min(...seen), Math.max(...seen)];
        const room = 0.12 * (top - bottom);
        const band = low ? [this.band(path.x, low, high, shade), ...[low, high].map((y) => this.curve(path.x, y, second, 1))]
            : [];
        return {
            element: this.cosines,
            traces: () => [this.answer(path.x, mean, mean, "cosine")],
            layout: this.layout({ range: [bottom - room, top + 1.4 * room], title: { text: "cosine", standoff: 10 } }),
            fixed: [
                ...band, ...latent.map(([x, y]) => this.curve(x, y, accent, 2, "5px,4px")), this.curve(path.x, mean, accent, 3),
                ...this.ends(path.ends, ({ cosines }) => [[cosines.mean, accent]]),
                ...(state.K > 1 ? [
                    this.level(simplex, this.note(`simplex ETF: ${shortText(simplex)}`, "end")),
                    this.level(0, this.note("orthogonal frame: 0", "start")),
                ] : []),
                ...this.star(state),
            ],
            dots: ({ cosines }) => cosines.slice(1, 2),
        };
    }

    sigmaPlan(path, state) {
        const { shade } = this.theme;
        const most = Math.max(path.threshold, ...path.sigma.flatMap(({ y }) => y));
        const cut = Math.log10(path.threshold);
        // Whole decades below, so that the axis stands still under a moving threshold; logarithms are taken here, as
        // plotly's shapes of fixed size are not round on its own logarithmic axes.
        const range = [Math.floor(cut) - 1, Math.log10(most * 1.8)];
        const decades = Array.from({ length: 121 }, (_, i) => i - 60).filter((e) => e >= range[0] && e <= range[1]);
        const log = (y) => y.map((v) => (v > 0 ? Math.log10(v) : null));
        // Only the label mean's singular value differs between the local minima.
        const latent = path.latent.flatMap(({ x, sigma }) => sigma.slice(1).map(({ y, tone }) => [x, log(y), tone]));
        return {
            element: this.sigma,
            traces: () => path.sigma.map(({ name, y }) => this.answer(path.x, log(y), y, name)),
            layout: this.layout({
                range, title: { text: sigmaWords(state)[2], standoff: 10 }, tickvals: decades,
                ticktext: decades.map((e) => (Math.abs(e) <= 2 ? String(10 ** e) : powerOfTen(e))),
            }),
            fixed: [
                { type: "rect", xref: "paper", x0: 0, x1: 1, y0: range[0], y1: cut, fillcolor: shade, line: { width: 0 } },
                ...latent.map(([x, y, tone]) => this.curve(x, y, this.theme[tone], 2, "5px,4px")),
                ...path.sigma.map(({ y, tone, width }) => this.curve(path.x, log(y), this.theme[tone], width)),
                ...this.ends(path.ends, ({ sigma }) => sigma.slice(1).map(({ y, tone }) => [log(y), this.theme[tone]])),
                this.level(cut, this.note(`threshold ${thresholdName(state)} = ${shortText(path.threshold)}`, "end", "top")),
                ...this.star(state),
            ],
            dots: ({ sigma }) => sigma.map(Math.log10).map((y) => (y > range[0] ? y : NaN)),
        };
    }

    layout(yaxis) {
        const { text, quiet, card, rule } = this.theme;
        const narrow = this.cosines.clientWidth < 440;
        const ticks = LAMBDA_B_TICKS.filter((_, i) => !narrow || i % 2 === 0);
        const axis = {
            gridcolor: rule, linecolor: quiet, zeroline: false, color: text, fixedrange: true, tickfont: { size: 12 },
        };
        return {
            paper_bgcolor: CLEAR, plot_bgcolor: CLEAR, showlegend: false, dragmode: false,
            margin: MARGIN, hovermode: "closest",
            font: { family: "system-ui, sans-serif", size: 13, color: text },
            hoverlabel: { font: { family: "system-ui, sans-serif", color: text }, bgcolor: card, bordercolor: quiet },
            xaxis: {
                ...axis, range: REACH, tickvals: ticks.map((t) => t[0]), tickangle: 0,
                ticktext: ticks.map((t) => t[1]), title: { text: "λ<sub>b</sub>", standoff: 8 },
            },
            yaxis: { ...axis, ...yaxis },
        };
    }

    answer(x, y, values, name) {
        const text = x.map((position, i) => (
            `λ<sub>b</sub> = ${shortText(lambdaBAt(Math.round(position)), 3)}<br>${name} ${shortText(values[i] || 0, 5)}`));
        return { x, y, text, mode: "lines", line: { color: CLEAR, width: 3 }, hovertemplate: "%{text}<extra></extra>" };
    }

    curve(x, y, color, width, dash = "solid") {
        const line = { color, width, dash };
        let pen = "M";
        const steps = x.map((position, i) => {
            const step = y[i] === null ? "" : `${pen}${position.toFixed(2)},${y[i]}`;
            pen = y[i] === null ? "M" : "L";
            return step;
        });
        return { type: "path", path: steps.join("") || "M0,0", line };
    }

    band(x, low, high, fillcolor) {
        const known = x.map((position, i) => [position, low[i], high[i]]).filter(([, y]) => y !== null);
        const there = known.map(([position, y]) => `${position.toFixed(2)},${y}`);
        const back = known.map(([position, , y]) => `${position.toFixed(2)},${y}`).reverse();
        return { type: "path", path: `M${[...there, ...back].join("L") || "0,0"}Z`, fillcolor, line: { width: 0 } };
    }

    note(text, textposition, yanchor = "bottom") {
        return { text, textposition, yanchor, padding: 4, font: { size: 12, color: this.theme.text } };
    }

    level(y, label) {
        const line = { color: this.theme.quiet, width: 1.5, dash: "dash" };
        return { type: "line", xref: "paper", x0: 0.01, x1: 0.99, y0: y, y1: y, label, line };
    }

    // Rings where a curve jumps: both ends are global minimizers.
    ends(ends, pick) {
        if (ends === null || !ends.x.length) return [];
        const ring = {
            type: "circle", xsizemode: "pixel", ysizemode: "pixel", x0: -5, x1: 5, y0: -5, y1: 5, fillcolor: this.theme.card,
        };
        return pick(ends).flatMap(([y, color]) => y.map((height, i) => (
            { ...ring, xanchor: ends.x[i], yanchor: height || 0, visible: height !== null, line: { color, width: 2.5 } })));
    }

    star({ transition, star }) {
        if (transition === null) return [];
        const x = positionOf(transition);
        const name = star.replace("_b", "<sub>b</sub>").replace("⁺", "<sup>+</sup>");
        return [{
            type: "line", x0: x, x1: x, yref: "paper", y0: 0, y1: 1.02,
            label: { ...this.note(name, "end"), textangle: 0, xanchor: "center", padding: 2 },
            line: { color: this.theme.quiet, width: 1.5, dash: "dot" },
        }];
    }
}
