"""Debian's chromium, headless, for tests of pages: no network, and everything that happens is written down."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

EXECUTABLE = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)


def missing() -> str | None:
    """Why no browser can be had, or None."""
    if EXECUTABLE is None:
        return "no chromium on the path; install it with: apt-get install chromium"
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "no playwright; install it with: pip install playwright"
    return None


@dataclass(kw_only=True, eq=False)
class Page:
    """A page in a window of the browser, with its console, its errors and its requests."""

    window: Window
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def tab(self) -> Any:
        """Playwright's page, as long as it shows this one."""
        assert self.window.page is self, "another page was opened in this window"
        return self.window.tab

    @property
    def address(self) -> str:
        return self.window.place.as_uri()

    @property
    def asked(self) -> list[str]:
        """What the page asked for that is not in it."""
        return [url for url in self.requests if not url.startswith(("data:", "blob:"))]

    def js(self, code: str, argument: object = None) -> Any:
        return self.tab.evaluate(code, argument)

    def compute(self, function: str, argument: object) -> Any:
        """What a function of the page returns, sent as JSON: over thousands of numbers playwright takes seconds."""
        text = self.js(f"""(text) => JSON.stringify(
            ({function})(JSON.parse(text.replaceAll("Infinity", "1e999"))),
            (key, value) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value),
        )""", json.dumps(argument))
        return json.loads(re.sub(r'"(-?Infinity|NaN)"', r"\1", text))

    def wait(self) -> None:
        """Until what was asked of the page is drawn."""
        self.js("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def text(self, name: str) -> str:
        return str(self.tab.locator(f"#{name}").inner_text())

    def number(self, name: str) -> float:
        """A number as it is displayed."""
        return float(self.text(name).replace("−", "-").replace("∞", "inf").removesuffix(" %").removesuffix("°"))

    def exact(self, name: str) -> float:
        """The number behind a displayed one, with all digits."""
        return float(self.tab.locator(f"#{name}").get_attribute("data-value").replace("Infinity", "inf"))

    def type(self, name: str, value: str) -> None:
        self.tab.locator(f"#{name}").fill(value)
        self.tab.locator(f"#{name}").press("Enter")
        self.wait()

    def choose(self, name: str, value: str) -> None:
        self.tab.locator(f"#{name}").select_option(value)
        self.wait()


@dataclass(kw_only=True, eq=False)
class Window:
    """One tab for many pages, one after the other; each is opened anew, and nothing is left of the one before.

    Compiling plotly.js is most of what opening a page takes.  A process keeps compiled scripts by their address, so
    the tab stays, and each page is copied to the same ``place`` on the disk and opened there.
    """

    browser: Any
    place: Path
    tab: Any = None
    page: Page | None = None
    shared: Path | None = None

    def open(self, path: Path, *, width: int = 1280, height: int = 900, scheme: str = "light") -> Page:
        """The page in that file, in a window of this size and colour scheme."""
        self.shared = None
        if self.tab is None or not self.answers():
            self.tab = self.new_tab()
        self.tab.mouse.move(0, 0)
        self.tab.set_viewport_size({"width": width, "height": height})
        self.tab.emulate_media(color_scheme=scheme)
        shutil.copyfile(path, self.place)
        self.page = Page(window=self)
        self.tab.goto(self.page.address)
        wait_until_ready(self.page)
        self.page.wait()
        return self.page

    def answers(self) -> bool:
        """Whether the page of the test before has neither crashed nor begun what never ends."""
        from playwright.sync_api import Error

        try:
            self.tab.wait_for_selector("html", state="attached")
        except Error:
            self.tab.context.close()
            return False
        return True

    def share(self, path: Path) -> Page:
        """The page in that file, for tests that leave it as it is: opened once for all that follow each other."""
        if self.page is None or self.shared != path:
            self.page = self.open(path)
            self.shared = path
        return self.page

    def new_tab(self) -> Any:
        context = self.browser.new_context()
        context.set_default_timeout(60_000)
        tab = context.new_page()
        tab.on("console", lambda message: self.note("console", message.text))
        tab.on("pageerror", lambda error: self.note("console", str(error)))
        tab.on("request", lambda request: self.note("requests", request.url))
        tab.route("**/*", offline)
        return tab

    def note(self, kind: str, text: str) -> None:
        if self.page is not None:
            getattr(self.page, kind).append(text)


def offline(route: Any) -> None:
    """Whatever a page asks of a network is refused."""
    if route.request.url.startswith("file:"):
        route.continue_()
    else:
        route.abort()


@contextmanager
def chromium(folder: Path) -> Iterator[Window]:
    """A browser, or a skip that says why there is none; on CI a failure, so that the tests cannot fall out of it."""
    reason = missing()
    if reason is not None:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=EXECUTABLE, args=["--no-sandbox", "--disable-gpu"])
        yield Window(browser=browser, place=folder / "page.html")
        browser.close()


def wait_until_ready(page: Page) -> None:
    """By a selector: a function that has to be asked twice is evaluated in the page, whose policy forbids that."""
    page.tab.wait_for_selector("html[data-ready='true']", state="attached")
