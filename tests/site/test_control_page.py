"""The page of the control API in Chromium, with the official Python SDK working beside it."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Page, expect

from ..server.control.conftest import TOKEN, A, S, binding, serving, world
from .conftest import check_widths

pytestmark = [pytest.mark.ci("needs Chromium"), pytest.mark.needs("chromium"), pytest.mark.needs("twilio-python")]

expect.set_options(timeout=60_000)  # however busy the machine is

SECRET = "a-token-of-some-length"
HOSTILE = "<img src=x onerror=\"document.title='hit'\"><script>document.title='hit'</script>"
HELD = world(*(binding(number) for number in range(1, 60)), binding(60, HOSTILE))


@pytest.fixture(scope="module")
def controlled(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("page"), "--world", "-", stdin=json.dumps(HELD)) as served:
        yield served


@pytest.fixture
def served(controlled):
    controlled.control.post("reset")
    return controlled


@pytest.fixture
def sdk(served):
    """Return a function that calls the SDK with the service's Bindings, in a thread beside playwright's loop."""
    from twilio.rest import Client

    client = Client(A, TOKEN)
    client.chat.base_url = served.url
    bindings = client.chat.v2.services(S).bindings
    with ThreadPoolExecutor(1) as beside:
        yield lambda call: beside.submit(call, bindings).result(60)


@pytest.fixture
def page(opened, served) -> Page:
    page = opened(f"{served.url}/control/")
    expect(page.locator(".live")).to_have_text("Live")
    return page


def rows(page: Page, name: str):
    return page.get_by_role("list", name=name).get_by_role("listitem")


def count(page: Page):
    return page.locator("[data-count=bindings]")


def test_requests_of_a_client_are_shown_as_they_come(page, sdk):
    """An SDK lists, meets a fault that the page added, and deletes: all of it is seen without a reload."""
    from twilio.base.exceptions import TwilioRestException

    sid = binding(1)["sid"]
    assert len(sdk(lambda bindings: bindings.list(identity=["somebody"], limit=5))) == 5
    expect(rows(page, "Requests")).to_have_count(1)
    expect(rows(page, "Requests")).to_contain_text(re.compile(f"GET200/v2/Services/{S}/Bindings.Identity=somebody"))
    page.get_by_label("Fault", exact=True).select_option(label="429")
    page.get_by_label("Operation").select_option("fetchBinding")
    page.get_by_label("Account").select_option(A)
    page.get_by_label("Next requests").fill("1")
    page.get_by_role("button", name="Add fault").click()
    expect(rows(page, "Rules in force")).to_have_count(1)
    with pytest.raises(TwilioRestException, match="429"):
        sdk(lambda bindings: bindings.get(sid).fetch())
    expect(rows(page, "Requests").first).to_contain_text("fault: code 429")
    expect(rows(page, "Rules in force")).to_contain_text("1 counted, 1 taken")
    assert sdk(lambda bindings: bindings.get(sid).fetch()).identity == "somebody"
    assert sdk(lambda bindings: bindings.get(sid).delete())
    expect(rows(page, "Requests").first).to_contain_text("DELETE204")
    expect(count(page)).to_have_text("59")
    page.get_by_role("button", name="Clear faults").click()
    expect(rows(page, "Rules in force")).to_have_count(0)
    page.get_by_role("button", name="Clear requests").click()
    expect(rows(page, "Requests")).to_have_count(0)
    assert sdk(lambda bindings: bindings.get(binding(2)["sid"]).fetch()).identity == "somebody"
    expect(rows(page, "Requests")).to_have_count(1)
    page.get_by_role("button", name="Reset").click()
    expect(rows(page, "Requests")).to_have_count(0)
    expect(count(page)).to_have_text("60")


def test_bindings_are_filtered_and_deleted(page, sdk):
    """By service, identity and type; pages follow one another; a hostile identity is text."""
    expect(rows(page, "Bindings")).to_have_count(50)
    page.get_by_role("button", name="More Bindings").click()
    expect(rows(page, "Bindings")).to_have_count(60)
    page.get_by_label("Identity").fill(HOSTILE)
    page.get_by_role("button", name="Filter").click()
    expect(rows(page, "Bindings")).to_have_count(1)
    expect(rows(page, "Bindings").locator("strong")).to_have_text(HOSTILE)
    assert sdk(lambda bindings: bindings.list(identity=[HOSTILE]))[0].identity == HOSTILE
    expect(rows(page, "Requests")).to_have_count(1)
    page.get_by_role("button", name=f"Delete {binding(60)['sid']}").click()
    expect(rows(page, "Bindings")).to_have_count(0)
    expect(page.locator("#message")).to_have_text(f"Deleted {binding(60)['sid']}.")
    assert sdk(lambda bindings: bindings.list(identity=[HOSTILE])) == []
    page.get_by_label("Identity").fill("")
    page.get_by_label("Type").select_option("gcm")
    page.get_by_role("button", name="Filter").click()
    expect(rows(page, "Bindings")).to_have_count(0)
    page.get_by_label("Type").select_option("apn")
    page.get_by_role("button", name="Filter").click()
    expect(rows(page, "Bindings")).to_have_count(50)
    page.get_by_label("Service").select_option(index=1)
    expect(rows(page, "Bindings")).to_have_count(0)
    assert page.title() == "Control · chat-bindings"
    assert page.locator("#state img, #state script").count() == 0


def test_the_page_is_used_with_the_keyboard_alone(page, served):
    """Each control is reached with Tab and shows its focus; a deleted row hands the focus on."""
    expect(rows(page, "Bindings")).to_have_count(50)
    names = {"Reset": None, "Clear requests": None, f"Delete {binding(2)['sid']}": "deleted"}
    for name, deed in names.items():
        for _ in range(200):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                "[document.activeElement.ariaLabel ?? document.activeElement.textContent,"
                " getComputedStyle(document.activeElement).outlineStyle]"
            )
            if focused[0] == name:
                break
        assert focused == [name, "solid"]
        page.keyboard.press("Enter")
        if deed:
            expect(rows(page, "Bindings").filter(has_text=binding(2)["sid"])).to_have_count(0)
            assert page.evaluate("document.activeElement.textContent") == "Bindings"
        else:
            expect(page.locator("#message")).not_to_be_empty()
            assert page.evaluate("document.activeElement.textContent") == name
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "service"


def test_axe_finds_nothing_and_a_phone_needs_no_sideways_scrolling(page, served, violations):
    """With long requests, Bindings and a rule on it, in light and in dark."""
    served.register("x" * 512, "y" * 400)
    served.http.get(f"/{'z' * 500}")
    served.control.post("faults", json={"rules": [{"account": A, "operation": "fetchBinding", "code": 500}]})
    page.get_by_label("Identity").fill("x" * 512)
    page.get_by_role("button", name="Filter").click()
    expect(rows(page, "Requests")).to_have_count(2)
    expect(rows(page, "Bindings")).to_have_count(1)
    expect(rows(page, "Rules in force")).to_have_count(1)
    backgrounds = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        backgrounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        for width in (320, 768, 1280):
            check_widths(page, width)
            assert violations(page) == []
    assert backgrounds == ["rgb(255, 255, 255)", "rgb(15, 20, 25)"]


def test_the_page_prompts_for_the_token_and_keeps_it_in_the_session(new_page, tmp_path):
    """A wrong token is an error; the right one survives a reload, and stands in no address and no cookie."""
    with serving(tmp_path, "--world", "-", stdin=json.dumps(HELD), CHAT_BINDINGS_CONTROL_TOKEN=SECRET) as served:
        page = new_page()  # Chromium says on the console that there was a 401
        addresses = []
        page.on("request", lambda request: addresses.append(request.url))
        page.goto(f"{served.url}/control/")
        field = page.get_by_label("Token of")
        expect(field).to_be_focused()
        field.fill("wrong-token-of-some-length")
        page.keyboard.press("Enter")
        expect(page.locator("#message")).to_contain_text("The control token is missing or wrong")
        expect(page.locator("#state")).to_be_hidden()
        field.fill(SECRET)
        page.keyboard.press("Enter")
        expect(count(page)).to_have_text("60")
        expect(page.locator(".live")).to_have_text("Live")
        page.reload()
        expect(count(page)).to_have_text("60")
        assert not any(SECRET in address for address in addresses)
        assert page.context.cookies() == []


def test_a_service_that_starts_anew_is_followed_again(new_page, tmp_path):
    """Numbers begin at 1 again: the page shows the requests of the new one."""
    options = ("--world", "-")
    page = new_page()
    with serving(tmp_path, *options, stdin=json.dumps(HELD)) as served:
        page.goto(f"{served.url}/control/")
        for _ in range(3):
            served.bindings()
        expect(rows(page, "Requests")).to_have_count(3)
        page.get_by_label("Pause").check()
        expect(page.locator(".live")).to_have_text("Paused")
        served.bindings()
        page.get_by_label("Pause").uncheck()
        expect(rows(page, "Requests")).to_have_count(4)
        port = served.url.rpartition(":")[2]
    expect(page.locator(".live")).to_have_text("Not connected")
    (tmp_path / "server.json").unlink(missing_ok=True)
    with serving(tmp_path, *options, "--port", port, stdin=json.dumps(HELD)) as served:
        served.register("new")
        expect(page.locator(".live")).to_have_text("Live")
        expect(rows(page, "Requests")).to_have_count(1)
        expect(rows(page, "Requests")).to_contain_text('"Identity":"new"')
