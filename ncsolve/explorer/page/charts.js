// The two curves over lambda_b, drawn by plotly.js.  Moving the slider moves shapes only, which takes plotly a
// millisecond; the curves are drawn again when the problem or the weight decay changes.

const CONFIG = {
    responsive: true, displaylogo: false, scrollZoom: false, doubleClick: false,
    modeBarButtons: [["toImage"]],
};

class Charts {
    constructor(cosines, sigma) {
        this.cosines = cosines;
        this.sigma = sigma;
        this.ready = false;
    }

    // Colours of the page's theme.
    readTheme() {
        const style = getComputedStyle(document.documentElement);
        const colour = (name) => style.getPropertyValue(`--${name}`).trim();
        this.theme = Object.fromEntries(
            ["text", "quiet", "card", "rule", "accent", "second", "shade"].map((name) => [name, colour(name)]));
    }

    // Notes are labels of shapes: as annotations they would take plotly longer than the curves.
    layout(yaxis) {
        const { text, quiet, rule } = this.theme;
        const narrow = this.cosines.clientWidth < 440;
        const ticks = LAMBDA_B_TICKS.filter((_, i) => !narrow || i % 2 === 0);
        const axis = {
            gridcolor: rule, linecolor: quiet, zeroline: false, color: text, fixedrange: true, tickfont: { size: 12 },
        };
        return {
            paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, dragmode: false,
            margin: { l: 66, r: 14, t: 26, b: 48 }, hovermode: "closest",
            font: { family: "system-ui, sans-serif", size: 13, color: text },
            hoverlabel: { font: { family: "system-ui, sans-serif" } },
            xaxis: {
                ...axis, range: [-18, MOST + 18], tickvals: ticks.map((t) => t[0]), tickangle: 0,
                ticktext: ticks.map((t) => t[1]), title: { text: "λ<sub>b</sub>", standoff: 8 },
            },
            yaxis: { ...axis, ...yaxis },
        };
    }

    note(text, textposition, yanchor = "bottom") {
        return { text, textposition, yanchor, padding: 4, font: { size: 12, color: this.theme.text } };
    }

    // The curves of one problem at one weight decay.
    draw(path, state) {
        if (!this.ready) return;
        this.path = path;
        this.state = state;
        this.drawCosines(path, state);
        this.drawSigma(path, state);
    }

    drawCosines(path, state) {
        const { accent, second, shade } = this.theme;
        const { low, mean, high } = path.cosines;
        const hover = { text: path.x.map((x) => shortText(lambdaBAt(Math.round(x)))),
            hovertemplate: "λ<sub>b</sub> = %{text}<br>cos = %{y:.5g}<extra></extra>" };
        const traces = [];
        if (low) {
            traces.push({ x: path.x, y: low, mode: "lines", line: { color: second, width: 1 }, hoverinfo: "skip" });
            traces.push({ x: path.x, y: high, mode: "lines", line: { color: second, width: 1 }, fill: "tonexty",
                fillcolor: shade, hoverinfo: "skip" });
        }
        traces.push({ x: path.x, y: mean, mode: "lines", line: { color: accent, width: 3 }, ...hover });
        const simplex = state.K > 1 ? -1 / (state.K - 1) : -1;
        const seen = [simplex, 0, ...(low || mean), ...(high || mean)].filter((y) => y !== null);
        const [bottom, top] = [Math.min(...seen), Math.max(...seen)];
        const room = 0.12 * (top - bottom);
        const yaxis = { range: [bottom - room, top + 1.4 * room], title: { text: "cosine", standoff: 10 } };
        this.levels = [
            this.level(simplex, this.note(`simplex ETF: ${shortText(simplex)}`, "end")),
            this.level(0, this.note("orthogonal frame: 0", "start")), ...this.star(state),
        ];
        const layout = this.layout(yaxis);
        Plotly.react(this.cosines, traces, { ...layout, shapes: this.cosineShapes(state) }, CONFIG);
    }

    drawSigma(path, state) {
        const { accent, second, shade } = this.theme;
        const colours = [second, accent];
        const traces = path.sigma.map(({ name, y }, i) => ({
            x: path.x, y: y.map((v) => (v > 0 ? Math.log10(v) : null)), text: y.map((v) => shortText(v)), mode: "lines",
            line: { color: path.cosines.low ? accent : colours[i], width: path.cosines.low ? 1.5 : 3 },
            hovertemplate: `${name}<br>%{text}<extra></extra>`,
        }));
        const most = Math.max(path.threshold, ...path.sigma.flatMap(({ y }) => y));
        const cut = Math.log10(path.threshold);
        const range = [Math.log10(path.threshold / 20), Math.log10(most * 1.8)];
        this.below = [{
            type: "rect", xref: "paper", x0: 0, x1: 1, y0: range[0], y1: cut, fillcolor: shade,
            line: { width: 0 }, layer: "below",
        }, this.level(cut, this.note(`threshold T = ${shortText(path.threshold)}`, "end", "top")), ...this.star(state)];
        // The logarithms are taken here: on plotly's own logarithmic axes a shape of fixed size loses its roundness.
        const decades = Array.from({ length: 41 }, (_, i) => i - 20).filter((e) => e >= range[0] && e <= range[1]);
        const yaxis = {
            range, title: { text: "singular value", standoff: 10 }, tickvals: decades,
            ticktext: decades.map((e) => (Math.abs(e) <= 2 ? String(10 ** e) : powerOfTen(e))),
        };
        const layout = this.layout(yaxis);
        Plotly.react(this.sigma, traces, { ...layout, shapes: this.sigmaShapes(state) }, CONFIG);
    }

    level(y, label) {
        return {
            type: "line", xref: "paper", x0: 0, x1: 1, y0: y, y1: y, label,
            line: { color: this.theme.quiet, width: 1.5, dash: "dash" },
        };
    }

    star({ transition, regime }) {
        if (transition === null) return [];
        const x = positionOf(transition);
        return [{ type: "line", x0: x, x1: x, yref: "paper", y0: 0, y1: 1.02, layer: "below", label: {
                ...this.note(regime === "general" ? "λ<sub>b</sub><sup>+</sup>" : "λ<sub>b</sub>*", "end"), textangle: 0,
                xanchor: "center", padding: 2,
            },
            line: { color: this.theme.quiet, width: 1.5, dash: "dot" } }];
    }

    cursor(x) {
        return { type: "line", x0: x, x1: x, yref: "paper", y0: 0, y1: 1, line: { color: this.theme.text, width: 1 } };
    }

    dot(x, y) {
        return {
            type: "circle", xsizemode: "pixel", ysizemode: "pixel", xanchor: x, yanchor: y,
            x0: -6, x1: 6, y0: -6, y1: 6, fillcolor: this.theme.text, line: { color: this.theme.card, width: 2 },
        };
    }

    cosineShapes(state) {
        const x = positionOf(state.lambda_b);
        const [, mean] = state.cosines;
        return [...this.levels, this.cursor(x), ...(Number.isNaN(mean) ? [] : [this.dot(x, mean)])];
    }

    sigmaShapes(state) {
        const x = positionOf(state.lambda_b);
        const least = this.path.threshold / 20;
        const dots = [...new Set(state.sigma)].filter((value) => value > least).map((value) => this.dot(x, Math.log10(value)));
        return [...this.below, this.cursor(x), ...dots];
    }

    move(state) {
        if (!this.ready) return;
        Plotly.relayout(this.cosines, { shapes: this.cosineShapes(state) });
        Plotly.relayout(this.sigma, { shapes: this.sigmaShapes(state) });
    }
}
