"""The page to try the API on, in Chromium, against running servers."""

import json
import re
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from chat_bindings.site.contract.reference import operations
from chat_bindings.site.site import version

from .conftest import check_widths

pytestmark = [pytest.mark.ci("needs Chromium"), pytest.mark.needs("chromium")]


def tried(page, operation: str, **parameters: str) -> tuple[int, str]:
    """Try an operation with some parameters, and return the status and the body that the page shows."""
    page.goto(f"{page.url.partition('#')[0]}#{operation}")
    block = page.locator(f"details.operation#{operation}")
    block.get_by_role("button", name="Execute").wait_for()
    for name, value in parameters.items():
        field = block.locator(f"[name={name}]")
        if field.first.get_attribute("type") == "checkbox":
            block.get_by_label(value, exact=True).check()
        else:
            field.fill(value)
    block.get_by_role("button", name="Execute").click()
    shown = block.get_by_label("Answer to")
    shown.locator(".status", has_text=re.compile("^[0-9]{3}|^No answer")).wait_for()
    status = shown.locator(".status").inner_text().split()[0]
    return int(status) if status.isdigit() else 0, shown.locator(".body").text_content() or ""


def identify(page, user: str, password: str, server: str = "") -> None:
    """Fill in the form above the operations."""
    if server:
        page.get_by_label("Server").fill(server)
    page.get_by_label("Account or key SID").fill(user)
    page.get_by_label("Auth token or secret").fill(password)


@pytest.fixture
def registered(demo) -> str:
    """Register one more Binding of the demo, and return its SID."""
    fields = {"Identity": "somebody", "Endpoint": "a-device", "BindingType": "fcm", "CredentialSid": f"CR{'0' * 32}"}
    path = f"/registration/v1{demo.path.removeprefix('/v2').rpartition('/')[0]}"
    answer = httpx.post(f"{demo.url}{path}", data=fields, auth=(demo.user, demo.password), timeout=20)
    assert answer.status_code in (200, 201)
    return answer.json()["sid"]


def test_trying_under_docs(opened, demo):
    """With credentials alone the page sends requests to its own server: list, fetch, delete, gone."""
    page = opened(f"{demo.url}/docs/{version()}/try.html")
    assert page.get_by_label("Server").input_value() == demo.url
    sid = demo.path.rpartition("/")[2]
    identify(page, demo.user, demo.password)
    status, body = tried(page, "listBindings")
    assert (status, [each["sid"] for each in json.loads(body)["bindings"]]) == (200, [sid])
    status, body = tried(page, "fetchBinding")
    assert (status, json.loads(body)["identity"]) == (200, "TestUser")
    assert tried(page, "deleteBinding") == (204, "")


def test_trying_from_disk(opened, site, demo, registered):
    """From disk the page sends requests to the server that the reader names, across origins."""
    page = opened((site / version() / "try.html").as_uri(), also=demo.url)
    identify(page, demo.user, demo.password, f"{demo.url}/")
    status, body = tried(page, "listBindings", Identity="somebody", PageSize="7")
    assert (status, json.loads(body)["meta"]["page_size"]) == (200, 7)
    assert [each["sid"] for each in json.loads(body)["bindings"]] == [registered]
    status, body = tried(page, "fetchBinding", Sid=registered)
    assert (status, json.loads(body)["sid"]) == (200, registered)
    assert tried(page, "deleteBinding", Sid=registered) == (204, "")


def test_an_error_is_shown(site, new_page, demo):
    """Errors are shown as the server sends them: a missing Binding, and wrong credentials."""
    page = new_page()  # Chromium says on the console that there was an error
    page.goto((site / version() / "try.html").as_uri())
    identify(page, demo.user, demo.password, demo.url)
    status, body = tried(page, "fetchBinding", Sid=f"BS{'b' * 32}")
    assert (status, json.loads(body)["code"]) == (404, 20404)
    identify(page, "", "")
    status, body = tried(page, "listBindings")
    assert (status, json.loads(body)["code"]) == (401, 20003)


def test_axe_finds_nothing_in_an_answer(opened, site, demo, registered, violations):
    """With an operation open, its parameters and an answer, the page breaks no rule of axe-core."""
    page = opened((site / version() / "try.html").as_uri(), also=demo.url)
    identify(page, demo.user, demo.password, demo.url)
    assert tried(page, "listBindings", Identity="somebody")[0] == 200
    check_widths(page, 375)
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, runOnly=["color-contrast"]) == []


def test_the_operation_in_the_address_is_open(opened, site):
    """A link to an operation opens it, and the others stay closed."""
    page = opened(f"{(site / version() / 'try.html').as_uri()}#deleteBinding")
    page.locator("details.operation#deleteBinding[open]").wait_for()
    assert page.locator("details.operation[open]").count() == 1


def test_a_request_is_sent_as_it_was_typed(opened, site, demo):
    """Values are sent unchanged, one a line where there may be several, empty ones not at all; so in the curl line."""
    page = opened((site / version() / "try.html").as_uri(), also=demo.url)
    identify(page, demo.user, demo.password, demo.url)
    typed = "a,b\n\nc+d & é 100% '"
    with page.expect_request(f"{demo.url}/**") as asked:
        assert tried(page, "listBindings", Identity=typed, BindingType="gcm")[0] == 200
    query = [("BindingType", "gcm"), ("Identity", "a,b"), ("Identity", "c+d & é 100% '")]
    assert parse_qsl(urlsplit(asked.value.url).query, strict_parsing=True) == query
    line = page.locator("#listBindings .answer .request").text_content()
    assert line == f"curl -u \"$ACCOUNT_SID:$AUTH_TOKEN\" '{asked.value.url}'".replace("%27", "%27")
    assert demo.password not in page.content()


def test_every_parameter_can_be_given(opened, site):
    """The form of an operation has a field for each of its parameters; the SIDs of the examples stand in it."""
    page = opened((site / version() / "try.html").as_uri())
    for operation in operations():
        for field in operation.parameters:
            inputs = page.locator(f"#{operation.anchor} [name={field.name}][data-place={field.place}]")
            assert inputs.count() == max(1, len(field.choices))
            if field.place == "path":
                assert inputs.input_value() == field.example


def test_an_unavailable_server_is_named(site, new_page):
    """The page names the possible reasons when no response comes."""
    page = new_page()
    page.goto((site / version() / "try.html").as_uri())
    identify(page, "", "", "http://127.0.0.1:9")
    assert tried(page, "fetchBinding") == (0, "")
    assert page.get_by_text("cannot be reached").first.is_visible()
