// Native inputs, and what they stand for.  A slider has a text field beside it that takes any value.

class Controls {
    constructor(data, onChange) {
        this.data = data;
        this.onChange = onChange;
        const { start } = data;
        this.ratio = start.lambda_h / start.lambda_w;
        this.setting = {
            choice: start.choice, K: start.classes, n: start.per_class, view: "mean",
            loss: start.loss, features: start.features, depth: start.depth, dim: start.dim,
            lambda_w: start.lambda_w, lambda_h: start.lambda_h,
            lambda_b: start.lambda_b === "inf" ? Infinity : start.lambda_b,
        };
        this.decay = new LogScale(Math.min(1e-6, start.lambda_w), Math.max(1e-1, start.lambda_w));
        this.problems = new Map();
        const depths = [...new Set([1, 2, 3, 4, 5, 6, start.depth])];
        byId("depth").replaceChildren(...depths.map((depth) => new Option(depth, depth)));
        this.listen();
        this.changeProblem();
    }

    listen() {
        const on = (id, event, action) => byId(id).addEventListener(event, action);
        on("encoding", "change", (e) => { this.setting.choice = Number(e.target.value); this.changeProblem(); });
        on("classes", "change", (e) => { this.setting.K = Number(e.target.value); this.changeProblem(); });
        on("per-class", "change", (e) => this.typed(e.target, (n) => Number.isInteger(n) && n >= 1 && n <= 1e9, (n) => {
            this.setting.n = n;
            this.changeProblem();
        }, "a whole number of at least 1"));
        on("model-loss", "change", (e) => { this.setting.loss = e.target.value; this.changeProblem(); });
        on("model-features", "change", (e) => { this.setting.features = e.target.value; this.changeProblem(); });
        on("depth", "change", (e) => { this.setting.depth = Number(e.target.value); this.changeProblem(); });
        on("dim", "change", (e) => {
            const dim = Number(e.target.value);
            this.setting.dim = dim < this.setting.K ? dim : null;
            this.changeProblem();
        });
        on("view", "change", (e) => { this.setting.view = e.target.value; this.changed("problem"); });
        on("lambda-b", "input", (e) => this.setLambdaB(this.lambdaBAt(Number(e.target.value))));
        on("lambda-b-text", "change", (e) => this.typed(
            e.target, (x) => x === 0 || x === Infinity || (x >= 1e-100 && x <= 1e100), (x) => this.setLambdaB(x),
            "a number from 0 to inf"));
        on("decay", "input", (e) => this.setDecay(this.decayAt(Number(e.target.value))));
        on("decay-text", "change", (e) => this.typed(
            e.target, (x) => x >= 1e-50 && x <= 1e50, (x) => this.setDecay(x), "a positive number"));
        on("to-zero", "click", () => this.setLambdaB(0));
        on("to-star", "click", () => this.setLambdaB(this.transition));
        on("to-inf", "click", () => this.setLambdaB(Infinity));
    }

    get grid() {
        return this.problem instanceof GridProblem ? this.problem : null;
    }

    changeProblem() {
        const choice = this.data.choices[this.setting.choice];
        const sizes = this.sizes(choice);
        if (!sizes.includes(this.setting.K)) this.setting.K = sizes[nearestIndex(sizes, this.setting.K, Number)];
        const { K, n } = this.setting;
        const offered = this.data.choices.map(({ name }, i) => new Option(name, i)).filter(
            (_, i) => this.sizes(this.data.choices[i]).length > 0);
        byId("encoding").replaceChildren(...offered);
        byId("encoding").value = this.setting.choice;
        byId("classes").replaceChildren(...sizes.map((k) => new Option(k, k)));
        byId("classes").value = K;
        const model = this.model(choice);
        const key = choice.kind === "grid" ? choice.name : [choice.spec, K, n, ...Object.values(model)].join(" ");
        if (!this.problems.has(key)) {
            this.problems.set(
                key, choice.kind === "grid" ? new GridProblem(choice) : new AffineProblem(choice.members[K], K, n, model));
        }
        this.problem = this.problems.get(key);
        this.showModel(model, choice);
        byId("per-class-row").hidden = this.grid !== null;
        byId("view-row").hidden = this.problem.exact && (this.grid ? this.grid.labelsExact : true);
        byId("grid-note").hidden = this.grid === null;
        if (this.grid) {
            const { counts } = this.grid;
            const classes = counts.length > 1 ? `${counts.length} classes` : "1 class";
            const range = counts.length > 20 ? `${Math.min(...counts)} to ${Math.max(...counts)}` : counts.join(", ");
            typeset(byId("grid-note"), `${classes} of ${range} samples, solved by ncsolve `
                + `at ${this.grid.weightDecays.length} weight decays and ${this.grid.grid(this.setting.lambda_w).length} `
                + `values of λ_b: the sliders snap to these. ${this.grid.omitted}`);
            this.setDecay(this.setting.lambda_w, "problem");
        } else {
            this.changed("problem");
        }
    }

    // The numbers of classes of which a choice has codes for the loss.
    sizes({ kind, classes, members }) {
        if (kind === "grid") return this.setting.loss === "mse" ? [classes] : [];
        const all = Object.keys(members).map(Number);
        return this.setting.loss === "mse" ? all : all.filter((K) => isProbability(members[K], K));
    }

    // What is solved of what is chosen: where there is no closed form, the paper's model, and a note says why.
    model({ kind }) {
        const { loss, features, depth, dim, K } = this.setting;
        if (kind === "grid") return PLAIN;
        if (loss === "cross-entropy") return { ...PLAIN, loss, features, dim: features === "linear" && dim === K - 1 ? dim : null };
        if (features === "relu") return { ...PLAIN, features };
        return { loss, features, depth, dim: dim !== null && dim < K ? dim : null };
    }

    showModel(model, { members }) {
        const K = this.grid ? this.problem.dimensions : this.setting.K;
        const crossEntropy = model.loss === "cross-entropy";
        const probability = !this.grid && isProbability(members[K], K);
        const sizes = Array.from({ length: crossEntropy ? 2 : K }, (_, i) => K - i);
        byId("dim").replaceChildren(...sizes.map((d) => new Option(d === K ? `${d} (all)` : d, d)));
        byId("model-loss").value = model.loss;
        byId("model-loss").disabled = !probability;
        byId("model-features").value = model.features;
        byId("depth").value = model.depth;
        byId("dim").value = this.problem.dimensions;
        byId("model-features").disabled = this.grid !== null;
        byId("depth").disabled = this.grid !== null || crossEntropy || model.features === "relu";
        byId("dim").disabled = this.grid !== null || model.features === "relu";
        typeset(byId("model-note"), modelNote({ model, grid: this.grid !== null, K, probability }));
    }

    lambdaBAt(position) {
        return this.grid ? this.grid.grid(this.setting.lambda_w)[position] : lambdaBAt(position);
    }

    decayAt(position) {
        return this.grid ? this.grid.weightDecays[position] : this.decay.value(position);
    }

    setLambdaB(value) {
        this.setting.lambda_b = this.grid ? this.snapped(value) : value;
        this.changed("point");
    }

    snapped(value) {
        const grid = this.grid.grid(this.setting.lambda_w);
        return grid[nearestIndex(grid, value, positionOf)];
    }

    setDecay(value, level = "path") {
        this.setting.lambda_w = value;
        this.setting.lambda_h = value * this.ratio;
        if (this.grid) {
            const row = this.grid.rowFor(value);
            Object.assign(this.setting, { lambda_w: row.lambda_w, lambda_h: row.lambda_h });
            this.setting.lambda_b = this.snapped(this.setting.lambda_b);
        }
        this.changed(level);
    }

    // A typed value is taken as it is, or the field says what it wants and the old value stays.
    typed(field, allowed, take, rule) {
        const text = field.value.trim().toLowerCase().replace("−", "-");
        const value = ["inf", "infinity", "∞"].includes(text) ? Infinity : Number(text);
        const right = text !== "" && !Number.isNaN(value) && allowed(value);
        field.setAttribute("aria-invalid", String(!right));
        typeset(byId("complaint"), right ? "" : `${field.dataset.name} must be ${rule}; got “${field.value}”.`);
        if (right) take(value);
    }

    changed(level) {
        this.show();
        this.onChange(level);
    }

    // Sliders and fields follow the setting.
    show() {
        const { lambda_b, lambda_w, lambda_h, n } = this.setting;
        const slide = (id, most, position, text) => {
            const slider = byId(id);
            slider.max = most;
            slider.value = position;
            slider.setAttribute("aria-valuetext", text);
        };
        if (this.grid) {
            const grid = this.grid.grid(lambda_w);
            slide("lambda-b", grid.length - 1, grid.indexOf(lambda_b), shortText(lambda_b));
            slide("decay", this.grid.weightDecays.length - 1, this.grid.weightDecays.indexOf(lambda_w), shortText(lambda_w));
        } else {
            slide("lambda-b", MOST, Math.round(positionOf(lambda_b)), shortText(lambda_b));
            slide("decay", this.decay.most, this.decay.position(lambda_w), shortText(lambda_w));
        }
        byId("decay").disabled = this.grid !== null && this.grid.weightDecays.length === 1;
        this.fill("lambda-b-text", lambda_b === Infinity ? "inf" : String(lambda_b));
        this.fill("decay-text", String(lambda_w));
        this.fill("per-class", String(n));
        typeset(byId("decay-note"), this.ratio === 1 ? "λ_W = λ_H" : `λ_W (λ_H = ${shortText(lambda_h)})`);
    }

    fill(id, text) {
        const field = byId(id);
        if (document.activeElement !== field || field.getAttribute("aria-invalid") !== "true") field.value = text;
    }

    // Where the button in the middle leads.
    offer(state) {
        this.transition = state.transition;
        const button = byId("to-star");
        button.hidden = state.transition === null;
        if (state.transition !== null) {
            typeset(button, `${state.star} = ${shortText(state.transition)}`);
        }
    }
}

function byId(id) {
    return document.getElementById(id);
}
