"""Wrong input to the control API: each operation answers it as its spec documents."""

import json

import pytest

from ...support import raw
from ...support.answers import CONTROL, allowed, check_documented, check_error, operations
from .conftest import A, S, binding

OPERATIONS = operations(CONTROL)
READS = [name for name, operation in OPERATIONS.items() if "requestBody" in operation.spec]
SIDS = {"AccountSid": A, "ServiceSid": S, "Sid": binding(1)["sid"]}
JSON = ("Content-Type", "application/json")

each = pytest.mark.parametrize("name", OPERATIONS)
each_that_reads = pytest.mark.parametrize("name", READS)


def ask(served, name, query="", method=None, headers=(), body=None, **sids):
    """Send an operation's request by hand; its usual body is that of an example."""
    operation = OPERATIONS[name]
    if body is None and name in READS:
        (example,) = operation.spec["requestBody"]["content"][JSON[1]]["examples"].values()
        body, headers = json.dumps(example["value"]).encode(), [JSON, *headers]
    sent = [*headers, *([("Content-Length", str(len(body)))] if body is not None else [])]
    target = operation.path(**SIDS | sids) + (f"?{query}" if query else "")
    return raw.ask(served.url, method or operation.method, target, sent, body or b"")


@each
def test_unknown_and_unreadable_parameters(served, name):
    """A parameter that the operation does not have, a misspelt one, and what is no query at all."""
    known = [it["name"] for it in OPERATIONS[name].spec.get("parameters", ()) if it["in"] == "query"]
    for parameter in ("Unknown", *(it.swapcase() for it in known)):
        check_error(ask(served, name, f"{parameter}=1"), "unknown_parameter", name, parameter=parameter)
    for query in ("%zz=1", "%FF=1", "=1", "&".join(["x=1"] * 1001)):
        assert ask(served, name, query).status == 400
        check_documented(ask(served, name, query), name)


BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "nothing in it": b"{}",
    "a name twice": b'{"accounts": [], "accounts": [], "rules": [], "rules": []}',
    "null": b'{"accounts": null, "rules": null}',
    "deep": b'{"accounts": ' + b"[" * 3000 + b"]" * 3000 + b', "rules": ' + b"[" * 3000 + b"]" * 3000 + b"}",
    "an alias": b"rules: &a [*a]",
}


@each_that_reads
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_bodies_that_cannot_be_read(served, name, body):
    """The error has the line, the JSON pointer and the rule; nothing changes, and nothing of the inside is shown."""
    before = [served.control.get(path).content for path in ("world", "faults")]
    error = "invalid_world" if name == "putWorld" else "invalid_faults"
    message = check_error(ask(served, name, headers=[JSON], body=body), error, name)
    assert ", line 1, " in message
    assert [served.control.get(path).content for path in ("world", "faults")] == before


@each_that_reads
def test_bodies_of_another_kind(served, name):
    """Another type, a compressed one, and one that is larger than it may be: refused before it is read."""
    for headers, part in (
        ([("Content-Type", "text/plain")], "Content-Type must be application/json."),
        ([JSON, ("Content-Encoding", "gzip")], "Content-Encoding must be left out: a compressed body is not read."),
        ([JSON, ("Content-Length", "99999999999")], "The body must have at most"),
    ):
        operation = OPERATIONS[name]
        sent = headers if part.startswith("The body") else [*headers, ("Content-Length", "2")]
        answer = raw.ask(served.url, operation.method, operation.template, sent, b"{}")
        assert answer.status == 400
        assert part in check_documented(answer, name)["message"]


@each
def test_other_methods_and_nearby_paths(served, name):
    """405 with `Allow`, and 404 for a path that is nearly the operation's."""
    template = OPERATIONS[name].template
    for method in {"GET", "PUT", "POST", "DELETE", "PATCH", "TRACE", "PROPFIND"} - allowed(template):
        refused = ask(served, name, method=method, body=b"")
        check_error(refused, "method_not_allowed", name, method=method)
        assert {*refused.header("Allow").split(", ")} == allowed(template)
    for wrong in ("AC1", A.lower(), f"{A}0", "%00", "%FF"):
        if "{AccountSid}" in template:
            check_error(ask(served, name, AccountSid=wrong), "not_found", name)


VALUES = {
    "operation": ["", "x" * 101],
    "status": ["99", "600", "x", "1_0", "", "%D9%A3"],
    "identity": ["", "x" * 513],
    "account": ["", "AC1", A.lower(), f"{A}%0A"],
    "since": ["-1", "9007199254740992", "1.0", "9" * 5000],
    "wait": ["-1", "61", "x"],
    "duration": ["-1", "86401", "x"],
    "BindingType": ["", "sms"],
    "Identity": ["", "%00"],
    "PageSize": ["0", "1001", "x"],
    "PageToken": ["", "x"],
}


@each
def test_values_that_break_their_rule(served, name):
    """Every parameter is checked: the message names it."""
    for parameter in OPERATIONS[name].spec.get("parameters", ()):
        for value in VALUES[parameter["name"]] if parameter["in"] == "query" else ():
            answer = ask(served, name, f"{parameter['name']}={value}")
            assert answer.status == 400, (parameter["name"], value)
            assert parameter["name"] in check_documented(answer, name)["message"]


def test_the_service_still_answers(served):
    """And has logged no fault of its own."""
    assert served.bindings().status_code == 200
    log = served.log.read_text()
    assert "internal error" not in log
    assert "Traceback" not in log
