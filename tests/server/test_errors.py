"""Errors: the statuses and messages that are the reference's own, on every operation that they concern.

The clauses of ERROR, AUTH, TENANT, FETCH, LIST and DELETE prove the rest.
"""

import re
from urllib.parse import unquote

import pytest

from ..support.answers import allowed, check_documented, check_error, check_id, operations

OPERATIONS = sorted(operations())
OF_A_BINDING = [name for name in OPERATIONS if "{Sid}" in operations()[name].template]
TEMPLATES = sorted({operation.template for operation in operations().values()})

HEX = "0123456789abcdef" * 2
MALFORMED = {
    "invalid UTF-8": f"{HEX[:31]}%FF",
    "an encoded slash": f"{HEX[:31]}%2F",
    "a quote and SQL": "'%20OR%201=1--",
    "10,000 digits": "0" * 10_000,
}


def undeclared() -> list[tuple[str, str]]:
    methods = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY")
    return [(template, m) for template in TEMPLATES for m in methods if m not in allowed(template) - {"OPTIONS"}]


@pytest.mark.parametrize("malformed", MALFORMED.values(), ids=MALFORMED)
def test_malformed_sids_are_not_found(ask, malformed):
    """A malformed SID is a 404 on every operation, with its path."""
    for operation in OPERATIONS:
        check_error(ask(operation, service_sid=f"IS{malformed}"), "not_found", operation)
    for operation in OF_A_BINDING:
        check_error(ask(operation, sid=f"BS{malformed}"), "not_found", operation)
    check_error(ask("fetchBinding", sid="BS1"), "not_found", "fetchBinding", path=ask.path("fetchBinding", sid="BS1"))


@pytest.mark.parametrize(("template", "method"), undeclared())
def test_a_method_that_a_path_does_not_have(ask, world, template, method):
    """A method that a path does not have is a 405, and `Allow` names those that it has: those of the spec."""
    operation = next(name for name in OPERATIONS if operations()[name].template == template)
    for auth in ("", None):
        response = ask(operation, method=method, auth=auth, body=b"")
        if method == "HEAD":
            check_id(response)
            assert (response.status, response.content) == (405, b"")
        else:
            check_error(response, "method_not_allowed", operation, method=method)
        # a preflight is answered; any other OPTIONS is no method of the path
        assert set(re.split(", *", response.header("Allow"))) == allowed(template) - ({method} & {"OPTIONS"})


LIST_ONLY = ["PageSize", "PageToken", "Identity", "BindingType", "Page"]
UNKNOWN = ["identity", "BindingType%20", "%F0%9F%98%80", "Sid"]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_unknown_parameters(ask, operation):
    """A query parameter that an operation does not have is a 400 which names those that it has."""
    known = [p["name"] for p in operations()[operation].spec.get("parameters", []) if p["in"] == "query"]
    for name in {*UNKNOWN, *LIST_ONLY} - {*known}:
        facts = {"parameter": unquote(name), "known": ", ".join(known) or "none"}
        check_error(ask(operation, f"{name}=1"), "unknown_parameter", operation, **facts)
        check_error(ask(operation, name), "unknown_parameter", operation, **facts)


def test_a_registration_with_a_parameter_in_the_query_registers_nothing(ask, world):
    """A registration that is refused for its query leaves no Binding behind."""
    empty = world.empty["sid"]
    check_error(ask("registerBinding", "Identity=x", service_sid=empty), "unknown_parameter", "registerBinding")
    assert check_documented(ask("listBindings", service_sid=empty), "listBindings")["bindings"] == []


def test_every_error_of_the_table_is_among_the_documented_responses():
    """Each operation documents each kind of error that concerns it, so that the rows above are all of them."""
    for name, operation in operations().items():
        statuses = {status for status in operation.spec["responses"] if status >= "400"}
        assert statuses == {"400", "401", "404", "405", "429", "500", "503"}, name


@pytest.mark.parametrize("prefix", ["is", "BS", "AC", "Is", "", "%20IS", "IS-"])
def test_services_with_another_prefix_are_not_found(ask, prefix):
    """A service SID with another prefix is a 404 on every operation."""
    for operation in OPERATIONS:
        check_error(ask(operation, service_sid=f"{prefix}{HEX}"), "not_found", operation)
