"""Debian's chromium, headless, for tests of pages: no network, and everything that happens is written down."""

from __future__ import annotations

import os
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


@dataclass(kw_only=True)
class Page:
    """A page in the browser (``tab``, playwright's), with its console, its errors and its requests."""

    tab: Any
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def js(self, code: str, argument: object = None) -> Any:
        return self.tab.evaluate(code, argument)

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


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser, or a skip that says why there is none; on CI a failure, so that the tests cannot fall out of it."""
    reason = missing()
    if reason is not None:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=EXECUTABLE, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def wait_until_ready(page: Page) -> None:
    """By a selector: a function that has to be asked twice is evaluated in the page, whose policy forbids that."""
    page.tab.wait_for_selector("html[data-ready='true']", state="attached")


@contextmanager
def opened(browser: Any, path: Path, *, width: int = 1280, height: int = 900, scheme: str = "light") -> Iterator[Page]:
    """A page opened from disk; whatever it asks of a network is refused and recorded."""
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    context.set_default_timeout(60_000)
    page = Page(tab=context.new_page())
    page.tab.on("console", lambda message: page.console.append(message.text))
    page.tab.on("pageerror", lambda error: page.console.append(str(error)))
    page.tab.on("request", lambda request: page.requests.append(request.url))
    page.tab.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
    page.tab.goto(path.as_uri())
    wait_until_ready(page)
    page.wait()
    yield page
    context.close()
