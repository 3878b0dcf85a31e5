"""How large the explorer's page is, how soon it paints, and how long a step of a slider takes.

``python -m benchmarks.explorer`` needs chromium and playwright.  A step is timed from the input event to the moment
after the frame that shows it, with the pictures, the charts, the matrix and the numbers drawn; beside it stands the
processor time of the page's thread, which other jobs on the machine do not lengthen.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import ncsolve
from benchmarks._common import machine, table
from ncsolve.explorer import write_explorer

_STEPS = 60
_STEP = """async ([slider, steps]) => {
    const input = document.getElementById(slider);
    const [drawn, painted] = [[], []];
    for (let i = 0; i < steps; i += 1) {
        input.value = Number(input.max) * (0.15 + 0.7 * i / steps);
        const start = performance.now();
        input.dispatchEvent(new Event("input"));
        await new Promise((done) => requestAnimationFrame(() => {
            drawn.push(performance.now() - start);
            setTimeout(done);
        }));
        painted.push(performance.now() - start);
    }
    const at = (times, share) => times.slice(10).sort((a, b) => a - b)[Math.floor(share * (times.length - 10))];
    return [at(drawn, 0.5), at(painted, 0.5), at(painted, 0.95)];
}"""
_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"


def main() -> None:
    from playwright.sync_api import sync_playwright

    executable = shutil.which("chromium")
    rows = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        for name, problem in _problems():
            path = Path(folder) / f"{name.replace(' ', '-')}.html"
            size = write_explorer(problem, path)
            paints = sorted(_open(browser, path).evaluate(_PAINT) for _ in range(5))
            page = _open(browser, path)
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            for slider in ("lambda-b", "decay"):
                before = _thread_ms(session)
                drawn, painted, worst = page.evaluate(_STEP, [slider, _STEPS])
                thread = (_thread_ms(session) - before) / _STEPS
                rows.append([
                    name, f"{size / 1e6:.2f} MB", f"{paints[2]:.0f} ms", slider, f"{drawn:.1f} ms",
                    f"{painted:.1f} ms", f"{worst:.1f} ms", f"{thread:.1f} ms",
                ])
        browser.close()
    print(
        "# Explorer\n\nMade by `python -m benchmarks.explorer`: the page in headless chromium. `drawn` is from the "
        "input event to the end of its\nhandlers, `shown` to the frame after it.\n"
    )
    print(f"Machine: {machine()}.\n")
    header = [
        "problem", "page", "first paint", "slider", "step: drawn, median", "shown, median", "shown, 95 %",
        "processor, mean",
    ]
    print(table(header, rows), end="")


def _thread_ms(session: Any) -> float:
    """Processor time of the page's main thread so far."""
    metrics = {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}
    return 1000.0 * float(metrics["TaskDuration"])


def _open(browser: Any, path: Path) -> Any:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(path.as_uri())
    page.wait_for_function("document.documentElement.dataset.ready === 'true'")
    return page


def _problems() -> list[tuple[str, ncsolve.UFM]]:
    def balanced(classes: int) -> ncsolve.UFM:
        code = ncsolve.encodings.onehot(classes)
        return ncsolve.UFM(encoding=code, counts=100, lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.05)

    own = ncsolve.UFM(
        encoding=ncsolve.encodings.gaussian(10, 10, seed=0), counts=list(range(20, 120, 10)), lambda_w=5e-4,
        lambda_h=5e-4, lambda_b=0.05,
    )
    return [("one-hot K=3", balanced(3)), ("one-hot K=100", balanced(100)), ("gaussian K=10, grid", own)]


if __name__ == "__main__":
    main()
