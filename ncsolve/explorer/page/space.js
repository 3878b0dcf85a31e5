// A small three-dimensional picture in SVG, turned by dragging or by sliders: quick enough to follow a slider, sharp
// on paper, and without WebGL.

const SVG = "http://www.w3.org/2000/svg";
const SIZE = { width: 360, height: 340 };
const CAMERA_DISTANCE = 5;

function svgElement(name, attributes, parent) {
    const element = document.createElementNS(SVG, name);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    if (parent) parent.append(element);
    return element;
}

class Space {
    constructor(svg, camera) {
        this.svg = svg;
        this.camera = camera;
        svg.setAttribute("viewBox", `0 0 ${SIZE.width} ${SIZE.height}`);
        camera.listen(() => this.paint(true));
    }

    // Elements are made once for a problem and only moved later.
    build({ K, names, withArrow }) {
        this.scene = null;
        this.svg.replaceChildren();
        const layer = () => svgElement("g", {}, this.svg);
        const layers = [layer(), layer(), layer(), layer()];
        this.disc = svgElement("path", { class: "disc" }, layers[0]);
        this.face = svgElement("path", { class: "face" }, layers[0]);
        this.up = svgElement("line", { class: "axis" }, layers[0]);
        this.upName = svgElement("text", { class: "axis-name" }, layers[0]);
        this.items = Array.from({ length: K }, (_, k) => {
            const tone = `tone-${k % 8}`;
            return {
                trail: svgElement("path", { class: `trail ${tone}` }, layers[1]),
                ghost: svgElement("circle", { class: `ghost ${tone}`, r: 4 }, layers[1]),
                stem: svgElement("line", { class: `stem ${tone}` }, layers[2]),
                dot: svgElement("circle", { class: `dot ${tone}` }, layers[3]),
                name: K <= 20 ? svgElement("text", { class: "point-name" }, layers[3]) : null,
            };
        });
        this.items.forEach(({ name }, k) => { if (name) name.textContent = names[k]; });
        svgElement("circle", { class: "origin", r: 2.5, cx: SIZE.width / 2, cy: 0 }, layers[2]);
        this.origin = layers[2].lastChild;
        if (withArrow) {
            this.arrow = svgElement("path", { class: "arrow" }, layers[3]);
            this.from = svgElement("path", { class: "mean-from" }, layers[3]);
            this.fromName = svgElement("text", { class: "mean-name" }, layers[3]);
        }
    }

    // points, trails (lists of points over lambda_b), ghosts and arrow (from, to), all in the unit of the picture
    show(scene) {
        const still = this.scene && this.scene.trails === scene.trails && this.scene.middle === scene.middle;
        this.scene = scene;
        this.paint(!still);
    }

    paint(trailsMoved) {
        if (!this.scene) return;
        const { points, trails, ghosts, arrow, upName, flat, middle } = this.scene;
        this.middle = middle;
        const { turn, tilt } = this.camera;
        this.turned = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)];
        const place = (p) => this.project(p);
        const zero = place([0, 0, 0]);
        set(this.origin, { cx: zero[0], cy: zero[1] });
        const top = place([0, 0, upName ? middle + 0.85 : 0]);
        const bottom = place([0, 0, upName ? middle - 0.75 : 0]);
        set(this.up, { x1: bottom[0], y1: bottom[1], x2: top[0], y2: top[1] });
        set(this.upName, { x: top[0] + 6, y: top[1] + 4 });
        this.upName.textContent = upName;
        this.disc.setAttribute("d", flat ? path(circle(flat).map(place), true) : "");
        this.face.setAttribute("d", points.length > 2 && points.length <= 20 ? path(points.map(place), true) : "");
        this.items.forEach((item, k) => {
            const [x, y, nearness] = place(points[k]);
            const dead = norm(points[k]) < 1e-9;
            set(item.stem, { x1: zero[0], y1: zero[1], x2: x, y2: y });
            set(item.dot, { cx: x, cy: y, r: dead ? 3 : (this.items.length > 20 ? 3.5 : 5.5) * nearness });
            if (trails && trailsMoved) {
                item.trail.setAttribute("d", path(trails.map((step) => step && place(step[k])), false));
            }
            if (ghosts) {
                const [gx, gy] = place(ghosts[k]);
                set(item.ghost, { cx: gx, cy: gy, visibility: "visible" });
            } else {
                item.ghost.setAttribute("visibility", "hidden");
            }
            if (item.name) {
                const away = Math.hypot(x - zero[0], y - zero[1]);
                const [dx, dy] = away > 4 ? [(x - zero[0]) / away, (y - zero[1]) / away] : [0.7, -0.7];
                set(item.name, { x: x + 15 * dx, y: y + 15 * dy + 4 });
            }
        });
        if (this.arrow) this.paintArrow(arrow, place);
    }

    paintArrow(arrow, place) {
        const shown = norm(arrow.from) > 1e-9;
        [this.arrow, this.from, this.fromName].forEach((e) => e.setAttribute("visibility", shown ? "visible" : "hidden"));
        if (!shown) return;
        const [x, y] = place(arrow.from);
        const [tx, ty] = place(arrow.to);
        this.from.setAttribute("d", `M${x - 6},${y} L${x},${y - 6} L${x + 6},${y} L${x},${y + 6} Z`);
        set(this.fromName, { x: x + 10, y: y - 8 });
        this.fromName.textContent = "μ";
        const length = Math.hypot(tx - x, ty - y);
        if (length < 1) {
            this.arrow.setAttribute("d", "");
            return;
        }
        const [dx, dy] = [(tx - x) / length, (ty - y) / length];
        const head = Math.min(10, length / 2);
        const [bx, by] = [tx - head * dx, ty - head * dy];
        this.arrow.setAttribute("d", `M${x},${y} L${bx},${by} M${bx - 5 * dy},${by + 5 * dx} L${tx},${ty} `
            + `L${bx + 5 * dy},${by - 5 * dx} Z`);
    }

    // Perspective: [x, y, size relative to the centre]; the third axis of the points is up.
    project([px, py, height]) {
        const pz = height - this.middle;
        const [ct, st, cp, sp] = this.turned;
        const across = px * ct - py * st;
        const depth = px * st + py * ct;
        const nearness = CAMERA_DISTANCE / (CAMERA_DISTANCE + depth * cp - pz * sp);
        const reach = 152 * nearness;
        return [SIZE.width / 2 + reach * across, SIZE.height / 2 - reach * (pz * cp + depth * sp), nearness];
    }
}

function set(element, attributes) {
    Object.entries(attributes).forEach(([key, value]) => {
        element.setAttribute(key, typeof value === "number" ? value.toFixed(2) : value);
    });
}

function path(places, closed) {
    let pen = "M";
    const steps = places.map((place) => {
        if (place === null) {  // a gap
            pen = "M";
            return "";
        }
        const step = `${pen}${place[0].toFixed(1)},${place[1].toFixed(1)}`;
        pen = "L";
        return step;
    });
    return steps.join(" ") + (closed ? " Z" : "");
}

function circle(radius) {
    return Array.from({ length: 48 }, (_, i) => (
        [radius * Math.cos(i * Math.PI / 24), radius * Math.sin(i * Math.PI / 24), 0]));
}

// One camera for all pictures, so that they turn together.
class Camera {
    constructor() {
        this.turn = -0.35;
        this.tilt = 0.42;
        this.listeners = [];
    }

    listen(listener) {
        this.listeners.push(listener);
    }

    move(turn, tilt) {
        this.turn = Math.atan2(Math.sin(turn), Math.cos(turn));
        this.tilt = Math.max(-Math.PI / 2, Math.min(Math.PI / 2, tilt));
        this.listeners.forEach((listener) => listener());
    }

    // Dragging on a picture turns it; a vertical swipe on a touch screen still scrolls the page.
    follow(svg) {
        let last = null;
        svg.addEventListener("pointerdown", (event) => {
            last = [event.clientX, event.clientY];
            svg.setPointerCapture(event.pointerId);
        });
        svg.addEventListener("pointermove", (event) => {
            if (last === null) return;
            const [dx, dy] = [event.clientX - last[0], event.clientY - last[1]];
            last = [event.clientX, event.clientY];
            this.move(this.turn - dx / 120, this.tilt + dy / 120);
        });
        ["pointerup", "pointercancel"].forEach((name) => svg.addEventListener(name, () => { last = null; }));
    }
}
