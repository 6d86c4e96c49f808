"""The turns that a reading looked back at: named in its reasons, and a way back to them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.e2e.conftest import OpenPage

pytestmark = pytest.mark.alone


class Attending:
    """Passes everything on, and adds to each final reading the utterances before it as those attended to.

    It stands in for a trained fusion, whose attention is not known beforehand.
    """

    def __init__(self) -> None:
        self.told: list[str] = []

    def relay(self, link: WebSocketRoute) -> None:
        server = link.connect_to_server()
        server.on_message(lambda message: link.send(self._with_attention(str(message))))

    def _with_attention(self, message: str) -> str:
        event: dict[str, Any] = json.loads(message)
        if event["type"] != "emotion" or not event["final"]:
            return message
        event["attended"] = [{"utterance": key, "weight": 0.5} for key in reversed(self.told)]
        self.told.append(event["utterance"])
        return json.dumps(event)


def test_a_turn_that_was_looked_back_at_is_one_press_away(open_page: OpenPage, artifacts: Path) -> None:
    def prepare(page: Page) -> None:
        page.route_web_socket("**/v1/stream", Attending().relay)

    page = open_page("conversation=attending&transport=socket", prepare=prepare)
    page.get_by_role("button", name="Microphone only").click()
    finals = page.locator("li[data-final=true]:has([data-emotion])")
    expect(finals.nth(1)).to_be_visible()
    finals.nth(1).get_by_role("button").first.press("Enter")
    why = page.get_by_role("group", name="Why")
    expect(why.get_by_role("heading", name="Turns it looked back at")).to_be_visible()
    turn = why.get_by_role("button").first
    expect(turn).to_contain_text("guest")
    expect(turn).to_contain_text("50 %")
    page.screenshot(path=artifacts / "why-1440.png")
    turn.press("Enter")
    expect(finals.first).to_have_class(re.compile("marked"))
    expect(finals.first).to_be_in_viewport()
    expect(why).to_be_visible()
