// The Gram matrix as a heat map on a canvas, one pixel an entry; blue is negative, orange positive, the same scale for
// all lambda_b, so that colours can be compared while the slider moves.

const COLD = [33, 102, 172];
const WARM = [202, 92, 5];

class HeatMap {
    constructor(canvas, numbers, caption) {
        Object.assign(this, { canvas, numbers, caption, hovered: null });
        numbers.addEventListener("pointermove", (event) => this.hover(event));
        numbers.addEventListener("pointerleave", () => { this.hovered = null; this.explain(); });
    }

    build(K, names) {
        this.K = K;
        this.names = names;
        this.canvas.width = K;
        this.canvas.height = K;
        this.numbers.style.setProperty("--size", K);
        const shown = K <= 6 ? K * K : 0;
        this.cells = Array.from({ length: shown }, () => document.createElement("span"));
        this.numbers.replaceChildren(...this.cells);
    }

    show(state, background) {
        this.state = state;
        const { K } = this;
        const image = new ImageData(K, K);
        const pixels = image.data;
        for (let i = 0; i < K; i += 1) {
            for (let j = 0; j < K; j += 1) {
                const value = state.gram(i, j);
                // The square root makes small inner products visible: -1/9 of the diagonal is a third of the colour.
                const strength = Math.sqrt(Math.min(1, Math.abs(value) / state.gramScale));
                const tint = value < 0 ? COLD : WARM;
                const at = 4 * (i * K + j);
                for (let c = 0; c < 3; c += 1) pixels[at + c] = background[c] + (tint[c] - background[c]) * strength;
                pixels[at + 3] = 255;
                if (this.cells.length) {
                    const colour = [...pixels.slice(at, at + 3)];
                    const cell = this.cells[i * K + j];
                    cell.textContent = shortText(value, K > 3 ? 2 : 3);
                    const bright = luminance(colour);
                    cell.style.color = bright > 0.179 ? "#000" : "#fff";
                    cell.style.background = `rgb(${colour})`;
                }
            }
        }
        this.canvas.getContext("2d").putImageData(image, 0, 0);
        this.explain();
    }

    hover(event) {
        const box = this.numbers.getBoundingClientRect();
        const index = (x, size) => Math.min(this.K - 1, Math.max(0, Math.floor(this.K * x / size)));
        this.hovered = [index(event.clientY - box.top, box.height), index(event.clientX - box.left, box.width)];
        this.explain();
    }

    explain() {
        if (!this.state) return;
        const [i, j] = this.hovered || [0, Math.min(1, this.K - 1)];
        typeset(this.caption, `⟨h_{${this.names[i]}}, h_{${this.names[j]}}⟩ = ${shortText(this.state.gram(i, j), 10)}`);
    }
}

// Relative luminance of sRGB, as WCAG defines it.
function luminance(colour) {
    const [r, g, b] = colour.map((x) => {
        const share = x / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
