// The vertical line through the current lambda_b and a dot on every curve, laid over a chart: for plotly, moving them
// is the most work of all that a step of the slider asks for.

// Of the charts: where their axes are, so that the cursor knows it too.
const MARGIN = { l: 66, r: 14, t: 26, b: 48 };
const REACH = [-18, MOST + 18];
const DOT = 6;

class Cursor {
    constructor(chart) {
        this.chart = chart;
        this.svg = svgElement("svg", { class: "cursor", "aria-hidden": "true" }, chart.parentElement);
        this.line = svgElement("line", {}, this.svg);
        this.dots = [];
        this.last = null;
        new ResizeObserver(() => this.measure()).observe(chart);
        this.measure();
    }

    measure() {
        this.width = this.chart.clientWidth - MARGIN.l - MARGIN.r;
        this.height = this.chart.clientHeight - MARGIN.t - MARGIN.b;
        if (this.last !== null) this.move(...this.last);
    }

    // position on the axis of lambda_b, heights of the dots (NaN: none) and the range of the vertical axis
    move(position, heights, [bottom, top]) {
        this.last = [position, heights, [bottom, top]];
        const x = MARGIN.l + this.width * (position - REACH[0]) / (REACH[1] - REACH[0]);
        set(this.line, { x1: x, x2: x, y1: MARGIN.t, y2: MARGIN.t + this.height });
        while (this.dots.length < heights.length) this.dots.push(svgElement("circle", { r: DOT }, this.svg));
        this.dots.forEach((dot, i) => {
            const height = i < heights.length ? heights[i] : NaN;
            dot.setAttribute("visibility", Number.isNaN(height) ? "hidden" : "visible");
            const y = MARGIN.t + this.height * (top - height) / (top - bottom);
            if (!Number.isNaN(height)) set(dot, { cx: x, cy: y });
        });
    }
}
