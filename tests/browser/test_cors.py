"""A page of another site, in a real browser: what is everybody's reaches it, and nothing else does."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.servers.chromium import Chromium
from tests.servers.site import Site

READ = """async ([url, options]) => {
    try {
        const answer = await fetch(url, options);
        return [answer.status, answer.headers.get("ETag"), (await answer.text()).length > 0];
    } catch (error) {
        return String(error);
    }
}"""
REFUSED = "TypeError: Failed to fetch"


class Elsewhere(BaseHTTPRequestHandler):
    """A site of one empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """In silence."""


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium.path, args=list(chromium.arguments))
        opened = browser.new_page()
        opened.goto(f"http://127.0.0.1:{server.server_port}/")
        yield opened
        browser.close()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_of_another_site_reads_a_board_and_nothing_with_a_token(
    page: Page, embedded_site: Site
) -> None:
    api = f"{embedded_site.base_url}/api/v1"
    board = f"{api}/benchmarks/mmad-standin/leaderboard/"
    status, etag, _has_body = page.evaluate(READ, [board, {}])
    assert (status, bool(etag)) == (200, True)
    known = {"headers": {"If-None-Match": etag}, "cache": "no-store"}
    assert page.evaluate(READ, [board, known])[0] == 304, "after a preflight"
    assert page.evaluate(READ, [f"{board}?shots=many", {}])[0] == 422
    assert page.evaluate(READ, [f"{api}/token/", {"headers": {"Authorization": "Bearer vrn_x"}}]) == REFUSED
    assert page.evaluate(READ, [board, {"credentials": "include"}]) == REFUSED
    assert page.evaluate(READ, [f"{api}/token/rotate/", {"method": "POST"}]) == REFUSED
    assert page.evaluate(READ, [embedded_site.base_url, {}]) == REFUSED
