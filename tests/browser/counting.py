"""What a way through the pages costs a person with a phone: taps, letters, and whether each step begins on the first screen."""

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

# A tap into a box is a tap too; what a script writes into a box, or a scan, is nobody's typing.
LISTENING = """
  addEventListener("click", (event) => { if (event.isTrusted) counted("tap", 1, ""); }, true);
  addEventListener("focusin", (event) => {
    if (event.target.matches("input:not([type=checkbox], [type=radio], [type=file]), textarea")) {
      if (performance.now() - (window.lastClick ?? -1000) > 300) counted("tap", 1, "");
    }
  }, true);
  addEventListener("pointerdown", () => (window.lastClick = performance.now()), true);
  addEventListener("input", (event) => {
    const typed = (event.target.value ?? "").length - (event.target.typed ?? 0);
    if (event.isTrusted && event.target.matches("input:not([type=checkbox], [type=radio], [type=file]), textarea")) {
      counted("letters", Math.max(typed, 0), "");
      event.target.typed = event.target.value.length;
    }
  }, true);
  addEventListener("load", () => setTimeout(() => {
    const seen = (element) => element && element.offsetParent !== null;
    const title = document.querySelector("main h1");
    const controls = "main :is(.button, .reading a, input:not([type=hidden]), select, textarea, canvas, video, [data-main])";
    const control = [...document.querySelectorAll(controls)].find(seen);
    const at = (element) => (element ? element.getBoundingClientRect() : { top: 0, bottom: 0 });
    counted("screen", Math.round(at(title).top + scrollY), location.pathname);
    counted("control", Math.round(at(control).top + scrollY), location.pathname);
  }, 0));
"""


@dataclass
class Count:
    taps: int = 0
    letters: int = 0
    titles: dict[str, int] = field(default_factory=dict)
    controls: dict[str, int] = field(default_factory=dict)

    def take(self, _source: Any, what: str, number: int, page: str) -> None:
        match what:
            case "tap":
                self.taps += number
            case "letters":
                self.letters += number
            case "screen":
                self.titles[page] = number
            case "control":
                self.controls[page] = number


def counted(page: Page) -> Count:
    """From here on, everything that is done on this page is counted."""
    count = Count()
    page.expose_binding("counted", count.take)
    page.add_init_script(LISTENING)
    return count
