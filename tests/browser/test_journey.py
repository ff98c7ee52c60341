"""A team's way through the site in a real browser, at a phone's and a desk's width, with a silent console."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from scoring import standin
from tests.journeys.test_main_job import release
from tests.servers.chromium import Chromium
from tests.servers.site import Site

WIDTHS = {390: 844, 1440: 900}
PASSWORD = "a caliper reads 9.81"
SCORED_WITHIN_MS = 180_000


@pytest.fixture(scope="module")
def browser(chromium: Chromium) -> Iterator[Browser]:
    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=chromium.path, args=list(chromium.arguments))
        yield launched
        launched.close()


@pytest.fixture(params=WIDTHS, ids=lambda width: f"{width} px")
def page(request: pytest.FixtureRequest, browser: Browser, embedded_site: Site) -> Iterator[Page]:
    """A fresh visitor; what the console says at any time fails the test."""
    width: int = request.param
    context = browser.new_context(
        base_url=embedded_site.base_url, viewport={"width": width, "height": WIDTHS[width]}
    )
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text) if message.type != "log" else None)
    opened.on("pageerror", lambda error: said.append(str(error)))
    yield opened
    context.close()
    assert said == []


def fits(page: Page) -> None:
    """Nothing but tables scrolls sideways, and those in a box of their own."""
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wider) == 0, page.url


def sign_up(page: Page, address: str) -> None:
    """Sign up, and confirm by the link in the mail."""
    page.goto("/accounts/signup/")
    fits(page)
    page.fill("input[name=email]", address)
    page.fill("input[name=password1]", PASSWORD)
    page.fill("input[name=password2]", PASSWORD)
    page.click("main form button[type=submit]")
    page.goto("/mail/")
    fits(page)
    page.locator("main tr, main li").filter(has_text=address).first.get_by_role("link").first.click()
    page.locator("main a[href*='confirm-email']").click()
    page.locator("main form button[type=submit]").click()
    page.goto("/teams/")
    assert page.url.endswith("/teams/"), "logged in by confirming"
    fits(page)


def send(page: Page, file: Path, entry: str) -> None:
    page.goto("/benchmarks/mmad-standin/submit/")
    fits(page)
    page.set_input_files("input[type=file]", file)
    page.fill("input[name=entry]", entry)
    page.check("input[name=visibility][value=public]")
    page.click("main form button[type=submit]")
    page.wait_for_url("**/submissions/**", timeout=SCORED_WITHIN_MS)


def test_from_signing_up_to_the_board_and_back(page: Page, browser: Browser, tmp_path: Path) -> None:
    width = page.viewport_size["width"] if page.viewport_size else 0
    sign_up(page, f"owner-{width}@example.org")

    page.goto("/teams/new/")
    fits(page)
    page.fill("input[name=name]", f"Gauge {width}")
    page.fill("input[name=slug]", f"gauge-{width}")
    page.click("main form button[type=submit]")
    expect(page.get_by_role("heading", name=f"Gauge {width}")).to_be_visible()
    fits(page)

    invite_and_join(page, browser, f"gauge-{width}", f"member-{width}@example.org")

    model = standin.published_models()[3]
    file = tmp_path / "answers.json"
    file.write_bytes(standin.rebuild(model, release(), seed=width, native=True))
    send(page, file, f"Model of {width}")
    submission = page.url
    expect(page.get_by_text("63.14").first).to_be_visible(timeout=SCORED_WITHIN_MS)
    fits(page)

    with page.expect_download() as download:
        page.get_by_role("link", name="answer file as sent").click()
    assert Path(download.value.path()).read_bytes() == file.read_bytes()

    page.goto("/benchmarks/mmad-standin/?q=Model+of")
    fits(page)
    page.get_by_role("link", name=f"Model of {width}").click()
    expect(page.get_by_role("heading", name=f"Model of {width}")).to_be_visible()
    fits(page)

    rejected = tmp_path / "rejected.csv"
    rejected.write_text("question_id,answer\nno/such.png#0,A\n")
    send(page, rejected, f"Model of {width}")
    expect(page.get_by_text("no/such.png#0").first).to_be_visible(timeout=SCORED_WITHIN_MS)
    fits(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="as a file").click()
    assert "no/such.png#0" in Path(download.value.path()).read_text()

    page.goto(submission)
    expect(page.get_by_text("shown on the board").first).to_be_visible()

    page.get_by_role("link", name="Notices, 2 unread").click()
    expect(page.get_by_role("link", name=f"“Model of {width}” scored 63.14")).to_be_visible()
    expect(page.get_by_role("link", name=f"the file for “Model of {width}” is rejected")).to_be_visible()
    fits(page)
    expect(page.get_by_role("link", name="Notices", exact=True).first).to_be_visible()

    page.goto(f"/teams/gauge-{width}/")
    fits(page)
    for table in page.locator(".scroll").all():
        assert table.evaluate("it => it.scrollWidth - it.clientWidth") == 0, "a list fits without scrolling"


def invite_and_join(page: Page, browser: Browser, team: str, address: str) -> None:
    """The owner makes a link, and somebody without an account follows it into the team."""
    page.get_by_role("button", name="Make an invitation link").click()
    link = page.locator("input[value*='/invitations/'], code:has-text('/invitations/')").first
    address_of_link = (
        link.input_value() if link.evaluate("it => it.tagName") == "INPUT" else link.inner_text()
    )
    context = browser.new_context(base_url=page.url, viewport=page.viewport_size)
    guest = context.new_page()
    sign_up(guest, address)
    guest.goto(address_of_link)
    fits(guest)
    guest.locator("main form button[type=submit]").first.click()
    guest.goto("/teams/")
    expect(guest.locator(f"a[href='/teams/{team}/']").first).to_be_visible()
    context.close()


PUBLIC = (
    "/",
    "/benchmarks/mmad/",
    "/benchmarks/mmad-standin/",
    "/benchmarks/mmad-standin/?column=VisA&division=closed",
    "/benchmarks/mmad/about/",
    "/how-to-read/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/mail/",
    "/api/v1/docs/",
)


@pytest.mark.parametrize("address", PUBLIC)
def test_every_public_page_opens_quietly(page: Page, address: str) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200
        fits(page)


def test_a_source_opens_over_the_board_and_closes_again(page: Page) -> None:
    page.goto("/benchmarks/mmad/")
    height = page.locator("table.board").evaluate("it => it.offsetHeight")
    quoted = page.locator("table.board details").filter(has_text="arXiv").first
    quoted.locator("summary").click()
    expect(quoted.locator("a[href^='https://arxiv.org/abs/']")).to_be_visible()
    assert page.locator("table.board").evaluate("it => it.offsetHeight") == height
    fits(page)
    page.keyboard.press("Escape")
    expect(quoted.locator("p")).to_be_hidden()


def test_filters_leave_nothing_empty_in_the_address(page: Page) -> None:
    page.goto("/benchmarks/mmad-standin/?column=VisA")
    page.locator("details.filters summary").click()
    page.fill("#filter-q", "Qwen")
    page.locator("details.filters button[type=submit]").click()
    page.wait_for_url("**/benchmarks/mmad-standin/?column=VisA&q=Qwen")


def test_a_fault_of_the_file_stands_in_the_summary_and_at_its_field_alone(
    browser: Browser, embedded_site: Site, tmp_path: Path
) -> None:
    context = browser.new_context(base_url=embedded_site.base_url)
    page = context.new_page()
    sign_up(page, "empty@example.org")
    page.goto("/teams/new/")
    page.fill("input[name=name]", "Empty")
    page.fill("input[name=slug]", "empty")
    page.click("main form button[type=submit]")
    file = tmp_path / "empty.csv"
    file.touch()
    page.goto("/benchmarks/mmad-standin/submit/")
    page.set_input_files("input[type=file]", file)
    page.fill("input[name=entry]", "Nothing")
    page.click("main form button[type=submit]")
    expect(page.locator("#errors")).to_contain_text("one thing needs a change")
    expect(page.get_by_text("The file is empty.").locator("visible=true")).to_have_count(2)
    context.close()


def test_without_javascript_a_file_can_be_sent_and_followed(
    browser: Browser, embedded_site: Site, tmp_path: Path
) -> None:
    context = browser.new_context(base_url=embedded_site.base_url, java_script_enabled=False)
    page = context.new_page()
    sign_up(page, "plain@example.org")
    page.goto("/teams/new/")
    page.fill("input[name=name]", "Plain")
    page.fill("input[name=slug]", "plain")
    page.click("main form button[type=submit]")
    file = tmp_path / "answers.csv"
    file.write_bytes(standin.rebuild(standin.published_models()[3], release(), seed=5))
    send(page, file, "Plain model")
    for _attempt in range(100):
        if page.get_by_text("63.14").count():
            break
        page.wait_for_timeout(200)
        page.reload()
    expect(page.get_by_text("63.14").first).to_be_visible()
    context.close()
