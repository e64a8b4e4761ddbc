"""The documentation page in a real browser: everything comes from the gateway, nothing breaks its policy, and it works."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from playwright.async_api import ConsoleMessage, Error, Page, Request, async_playwright, expect

from gateway.api.application import ROUTES
from tests.api.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
VIOLATIONS = "addEventListener('securitypolicyviolation', event => console.error('CSP ' + event.blockedURI))"


@dataclass(kw_only=True)
class Seen:
    """A page in the browser, and what happened on it."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note every request and every complaint from now on."""
        self.page.on("request", self._note_request)
        self.page.on("console", self._note_message)
        self.page.on("pageerror", self._note_error)

    def _note_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _note_error(self, error: Error) -> None:
        self.complaints.append(str(error))


@pytest_asyncio.fixture(loop_scope="session")
async def browser_page() -> AsyncIterator[Seen]:
    """Open an empty page that watches itself."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = await browser.new_page()
        page.set_default_timeout(20_000)
        await page.add_init_script(VIOLATIONS)
        seen = Seen(page=page)
        seen.watch()
        yield seen
        await browser.close()


async def test_page_shows_everything_and_calls_the_api(gateway: World, browser_page: Seen) -> None:
    """Every operation is listed; with a token an operation can be tried; no other address is asked for anything."""
    page = browser_page.page
    await page.goto(f"{gateway.url}/docs")
    operations = page.locator(".opblock")
    await expect(operations).to_have_count(len([path for _, path, _ in ROUTES if path != "/docs/{asset}"]))
    await expect(page.locator(".errors-wrapper")).to_have_count(0)

    await page.get_by_role("button", name="Authorize").first.click()
    await page.locator(".auth-container input").fill(gateway.tokens["hanoi"])
    await page.locator(".auth-btn-wrapper button", has_text="Authorize").click()
    await page.locator(".btn-done").click()
    operation = page.locator("#operations-Agencies-getAgency")
    await operation.locator(".opblock-summary-control").click()
    await operation.get_by_role("button", name="Try it out").click()
    await operation.locator("tr[data-param-name=code] input").fill("H53")
    await operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table .response").first
    await expect(answer.locator(".response-col_status")).to_contain_text("200")
    await expect(answer).to_contain_text("Ủy ban nhân dân tỉnh Tây Ninh")

    assert [url for url in browser_page.requests if not url.startswith((gateway.url, "data:"))] == []
    assert browser_page.complaints == []


async def test_errors_page(gateway: World, browser_page: Seen) -> None:
    """A problem's link shows the error in both languages."""
    page = browser_page.page
    await page.goto(f"{gateway.url}/errors#schema.not_xml")

    section = page.locator("article:target")
    await expect(section).to_be_in_viewport()
    await expect(section).to_contain_text("Tệp không phải là XML đúng cú pháp")
    await expect(section).to_contain_text("The file is not well-formed XML")
    assert browser_page.complaints == []


@pytest.mark.parametrize(
    "name", ["swagger-ui.css", "swagger-ui-bundle.js", "page.js", "page.css", "favicon-32x32.png"]
)
async def test_parts_of_the_page(gateway: World, name: str) -> None:
    """The parts come with their own media type."""
    async with gateway.session.get(f"{gateway.url}/docs/{name}") as answer:
        assert answer.status == 200
        assert answer.content_type in {"text/css", "text/javascript", "image/png"}


@pytest.mark.parametrize("name", ["x", "..%2fopenapi.yaml", "swagger-ui-bundle.js.map"])
async def test_no_other_files(gateway: World, name: str) -> None:
    """Nothing else is handed out."""
    answer = await gateway.call("GET", f"/docs/{name}", token=None)

    assert answer.status == 404
