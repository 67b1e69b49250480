"""A report as a browser opens it, at the sizes people read it at."""

import re
from pathlib import Path
from typing import Any

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
"""Widths and heights of a window, in pixels."""


class Opened:
    """A report as it was opened, and what the browser had to say."""

    def __init__(self, browser: Any, report: Path, size: tuple[int, int], **settings: Any) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self.context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **settings)
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.address = report.as_uri()
        self.page.goto(self.address)

    def ask(self, script: str) -> Any:
        """What a script finds in the page."""
        return self.page.evaluate(script)

    def pages(self) -> int:
        """Sheets of paper that what is in the page takes."""
        return len(re.findall(rb"/Type\s*/Page\b", self.page.pdf(prefer_css_page_size=True)))

    def leave(self, parts: str) -> None:
        """Take parts out of the page."""
        self.ask(f"document.querySelectorAll({parts!r}).forEach(part => part.remove())")
