"""The picker page in Chromium, as its user and a developer see it."""

import json
import os
import re
import shutil
import subprocess
import threading
from contextlib import contextmanager
from wsgiref.simple_server import make_server

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from infra import ROOT
from infra.local.processes import LOOPBACK
from infra.local.simulated_hubspot import APP_ID, SECRETS

pytestmark = pytest.mark.browser
PROGRAMS = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
DESKTOP, PHONE = {"width": 1280, "height": 1000}, {"width": 360, "height": 740}
# The line that HubSpot's documents give for the browser's console.
FLAG = "window.localStorage.setItem('LocalSettings:Calling:supportsChannelConnection', true)"
SALES = {"e164PhoneNumber": "+18001231234", "friendlyName": "Sales"}
LONG_NAME = "Customer success, Europe and Africa"
MARKUP = "<img src=x onerror=1>"
LONDON = "+442079460123"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Takes the system's Chromium, or the one that CHROMIUM names."""
    wanted = os.environ.get("CHROMIUM")
    found = [path for path in map(shutil.which, [wanted] if wanted else PROGRAMS) if path]
    if not found:
        pytest.fail(
            f"Missing: {wanted or 'Chromium'}. Debian, Ubuntu: apt install chromium;"
            " or name yours: CHROMIUM=/path/to/chrome"
        )
    return browser_type_launch_args | {"executable_path": found[0]}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    """A visitor at a desk, by day."""
    return browser_context_args | {"viewport": DESKTOP, "color_scheme": "light"}


class Picker:
    """The page by what its user finds on it."""

    def __init__(self, page, url):
        self.page, self.errors = page, []
        self.provider = page.get_by_role("radio", name="Your calling app")
        self.numbers = page.locator("#numbers li")
        self.connected = page.locator("#connected")
        self.log = page.get_by_role("log")
        page.set_default_timeout(10_000)
        page.on("console", lambda one: one.type in ("error", "warning") and self.errors.append(one.text))
        page.on("pageerror", lambda error: self.errors.append(error.message))
        page.on("request", lambda one: one.url.startswith((url, "data:")) or self.errors.append(one.url))
        policy = page.goto(url).headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'")

    def button(self, name):
        return self.page.get_by_role("button", name=name, exact=True)

    def says(self, text):
        expect(self.page.get_by_text(text).first).to_be_visible()

    def fill(self, field, text):
        self.page.locator(field).fill(text)

    def show_numbers(self):
        self.provider.check()
        self.button("Show numbers").click()

    def lists(self, count):
        expect(self.numbers).to_have_count(count)

    def connect(self, name):
        self.page.get_by_role("radio", name=name).check()
        self.button("Connect number").click()

    def answer_with(self, name):
        self.button(name).click()
        expect(self.button(name)).to_have_attribute("aria-pressed", "true")

    def is_accessible(self):
        """Checks axe's rules and the page's width, at a desk and on a phone, by day and by night."""
        for viewport in (PHONE, DESKTOP):
            self.page.set_viewport_size(viewport)
            assert self.page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
            for scheme in ("dark", "light"):
                self.page.emulate_media(color_scheme=scheme)
                results = Axe().run(self.page)
                assert results.violations_count == 0, results.generate_report()


@pytest.fixture
def picker(stack, page):
    """The page of the stack's simulator; it logs no error and calls nobody but the simulator."""
    picker = Picker(page, f"{stack.hubspot.url}/")
    yield picker
    assert picker.errors == []


@contextmanager
def webhook(stack, body):
    """Registers a webhook that answers every request alike."""

    def answer(request, start_response):
        request["wsgi.input"].read(int(request["CONTENT_LENGTH"]))
        start_response("200 OK", [("content-type", "application/json")])
        return [json.dumps(body).encode()]

    with make_server(LOOPBACK, 0, answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            stack.hubspot.register(f"http://localhost:{server.server_port}/numbers", True)
            yield
        finally:
            server.shutdown()


def test_provider_is_greyed_out_without_flag(stack, picker):
    stack.hook("hold")
    expect(picker.provider).to_be_disabled()
    expect(picker.button("Show numbers")).to_be_disabled()
    picker.page.get_by_text("Flag in local storage").click()
    picker.says(FLAG)
    picker.is_accessible()
    picker.button("Set the flag here").click()
    expect(picker.provider).to_be_enabled()
    picker.is_accessible()
    picker.show_numbers()
    picker.lists(4)
    picker.button("Remove the flag here").click()
    expect(picker.provider).to_be_disabled()


def test_connected_number_stays_connected(picker):
    picker.show_numbers()
    picker.lists(4)
    front_desk = picker.page.get_by_role("radio", name="Front desk +18001231235 ext. 1")
    expect(front_desk).to_be_disabled()
    expect(front_desk).to_have_accessible_description(re.compile("extension"))
    picker.is_accessible()
    picker.connect(f"London {LONDON}")
    expect(picker.connected).to_contain_text(LONDON)
    picker.is_accessible()
    picker.page.reload()
    expect(picker.connected).to_contain_text(LONDON)
    picker.fill("#portal", "62516")
    expect(picker.connected).not_to_contain_text(LONDON)
    picker.fill("#portal", "62515")
    picker.button(f"Disconnect {LONDON}").click()
    expect(picker.connected).not_to_contain_text(LONDON)


def test_user_sees_only_their_numbers(picker):
    picker.fill("#user", "7")
    picker.show_numbers()
    picker.says("Only for user 7")
    picker.fill("#portal", "62516")
    picker.button("Show numbers").click()
    picker.lists(0)
    picker.is_accessible()
    picker.fill("#portal", "0")
    picker.button("Show numbers").click()
    expect(picker.page.locator("#portal:user-invalid")).to_be_focused()


def test_long_name_is_cut_and_markup_stays_text(stack, picker):
    names = (LONG_NAME, MARKUP)
    with webhook(stack, {"phoneNumbers": [SALES | {"friendlyName": name} for name in names]}):
        picker.show_numbers()
        expect(picker.numbers.get_by_text(MARKUP)).to_be_visible()
        expect(picker.page.locator("img")).to_have_count(0)
        expect(picker.numbers.locator("del")).to_contain_text("and Africa")
        expect(picker.page.locator("#violations li")).to_have_count(1)
        expect(picker.page.locator("#violations")).to_contain_text("phoneNumbers[0].friendlyName")
        expect(picker.page.get_by_role("radio", name="Customer success, Europe")).to_be_enabled()
        picker.is_accessible()


def test_keyboard_alone_connects_a_number(picker):
    expect(picker.provider).to_be_enabled()
    press = picker.page.keyboard.press

    def tab_to(element):
        press("Tab")
        expect(picker.page.locator(element)).to_be_focused()

    for element in ("#portal", "#user", "#provider"):
        tab_to(element)
    press("Space")
    press("Tab")
    tab_to("#show")
    press("Enter")
    picker.lists(4)
    for key in ("Tab", "ArrowDown", "ArrowDown"):
        press(key)
    tab_to("#connect")
    press("Enter")
    expect(picker.connected).to_contain_text(LONDON)


def test_deployed_stage_is_called_without_registration(stack, page):
    url = stack.outputs["WebhookUrl"]
    address = ("--listen", f"{LOOPBACK}:0", "--app-id", str(APP_ID), "--webhook-url", url)
    command = [stack.hubspot.program, *address]
    secret = {"HUBSPOT_CLIENT_SECRET": SECRETS["HUBSPOT_CLIENT_SECRET"]}
    with subprocess.Popen(command, env=os.environ | secret, stdout=subprocess.PIPE, text=True) as simulator:
        try:
            picker = Picker(page, re.search(r"http://\S+", simulator.stdout.readline())[0])
            picker.says(url)
            expect(picker.provider).to_be_disabled()
            expect(picker.log).to_be_hidden()
            page.evaluate(FLAG)
            page.reload()
            picker.show_numbers()
            picker.lists(4)
            picker.is_accessible()
            assert picker.errors == []
        finally:
            simulator.kill()


def test_request_and_answer_are_shown_to_the_letter(stack, picker):
    picker.show_numbers()
    picker.says(re.compile(r"4 numbers in \d+ ms"))
    url, body = stack.outputs["WebhookUrl"], '{"appId":1234567,"portalId":62515,"userId":4242}'
    picker.says(f"POST {url}")
    picker.says(re.compile(rf"^POST{re.escape(url + body)}\d{{13}}$"))
    signed = ("x-hubspot-signature-v3", "x-hubspot-request-timestamp")
    for header in (*signed, "content-length", "apigw-requestid"):
        expect(picker.page.get_by_text(header, exact=True).first).to_be_visible()
    picker.says(
        re.compile(r'^\{"phoneNumbers":\[\{"e164PhoneNumber":"\+18001231234","friendlyName":"Sales"\},')
    )
    assert SECRETS["HUBSPOT_CLIENT_SECRET"] not in picker.page.content()


@pytest.mark.parametrize(
    ("button", "status"), [("Wrong signature", 401), ("Stale timestamp", 401), ("Foreign app", 403)]
)
def test_bad_request_is_refused(picker, button, status):
    picker.button(button).click()
    expect(picker.page.locator("#verdict.good")).to_contain_text(str(status))
    picker.says("x-hubspot-signature-v3")
    picker.is_accessible()


def test_requests_at_once_are_timed_each(picker):
    picker.button("20 requests at once").click()
    picker.says(re.compile(r"20 of 20 answered with 200, the slowest in \d+ ms"))
    expect(picker.page.locator("#exchange li")).to_have_count(20)
    picker.is_accessible()


def test_faults_of_a_webhook_are_named(stack, picker):
    verdict = picker.page.locator("#verdict.bad")
    with webhook(stack, [SALES]):
        picker.show_numbers()
        expect(picker.page.locator("#violations")).to_contain_text("bare array")
        expect(verdict).to_contain_text("violation")
        picker.is_accessible()
        picker.button("Wrong signature").click()
        expect(verdict).to_contain_text("Not rejected, but answered with 200")


def test_settings_calls_appear_with_their_violations(stack, picker):
    expect(picker.provider).to_be_enabled()
    stack.hook("hold")
    expect(picker.log).to_contain_text("PATCH 200")
    stack.hubspot.write("PATCH", {"isReady": False, "ready": True})
    expect(picker.log).to_contain_text("'ready' was unexpected")
    for status in ("401", "429", "500"):
        picker.answer_with(status)
        with pytest.raises(OSError):
            stack.hubspot.write("PATCH", {"isReady": True})
        expect(picker.log).to_contain_text(f"PATCH {status}")
    picker.is_accessible()
    picker.answer_with("As it should")
    assert stack.hook("status")["done"]


def test_screenshot_for_the_readme(picker):
    picker.show_numbers()
    picker.connect("Sales")
    expect(picker.connected).to_contain_text(SALES["e164PhoneNumber"])
    picker.page.screenshot(path=ROOT / ".local" / "browser" / "picker.png")
