"""Every row of the table of errors, on every operation that it concerns, as the specs' examples say it."""

import re
from urllib.parse import unquote

import pytest

from ..support import raw
from ..support.answers import CONTRACT, allowed, check_documented, check_error, check_id, document, operations

OPERATIONS = sorted(operations())
OF_A_BINDING = [name for name in OPERATIONS if "{Sid}" in operations()[name].template]
TEMPLATES = sorted({operation.template for operation in operations().values()})

HEX = "0123456789abcdef" * 2
MALFORMED = {
    "too short": HEX[:31],
    "too long": f"{HEX}0",
    "capital letters": HEX.upper(),
    "not hexadecimal": f"{HEX[:31]}g",
    "a space at the end": f"{HEX}%20",
    "a line feed at the end": f"{HEX}%0A",
    "a carriage return at the end": f"{HEX}%0D",
    "a NUL at the end": f"{HEX}%00",
    "Arabic digits": "%D9%A1" * 32,
    "digits of full width": "%EF%BC%91" * 32,
    "invalid UTF-8": f"{HEX[:31]}%FF",
    "an extension": f"{HEX}.json",
    "an encoded slash": f"{HEX[:31]}%2F",
    "a quote and SQL": "'%20OR%201=1--",
    "10,000 digits": "0" * 10_000,
    "only the prefix": "",
}


def undeclared() -> list[tuple[str, str]]:
    methods = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY")
    return [(template, m) for template in TEMPLATES for m in methods if m not in allowed(template) - {"OPTIONS"}]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_without_credentials_nothing_is_revealed(ask, world, operation):
    """Without credentials every request of an operation is a 401 of the same words, whatever else is wrong with it."""
    missing = f"IS{HEX}"
    requests = {
        "as it should be": {},
        "a service that does not exist": {"service_sid": missing},
        "a service of another account": {"service_sid": world.foreign["sid"]},
        "a malformed SID": {"service_sid": "IS1"},
        "an unknown parameter": {"query": "nonsense=1"},
        "a malformed parameter": {"query": "PageSize=x&Page=%zz"},
        "a body that is none": {"body": b"{", "headers": [("Content-Type", "application/json")]},
    }
    messages = {
        check_error(ask(operation, auth=None, **request), "unauthorized", operation) for request in requests.values()
    }
    assert len(messages) == 1


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_401_says_how_to_authenticate(ask, operation):
    """Without credentials `WWW-Authenticate` names the scheme, as the spec's example does."""
    response = ask(operation, auth=None)
    assert response.header("WWW-Authenticate") == document()["components"]["headers"]["WWW-Authenticate"]["example"]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_service_that_is_not_there_is_the_same_as_another_accounts(ask, world, operation):
    """A missing service and one of another account give the same 404, but for the requested path."""
    answers = []
    for service_sid in (f"IS{HEX}", world.foreign["sid"]):
        path = ask.path(operation, service_sid)
        response = ask(operation, service_sid=service_sid)
        message = check_error(response, "not_found", operation, path=path)
        names = [name for name, _ in response.headers]
        answers.append((message.replace(service_sid, "IS"), names))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("malformed", MALFORMED)
def test_a_malformed_service_sid_is_one_that_does_not_exist(ask, operation, malformed):
    """A malformed service SID is a 404 on every operation."""
    check_error(ask(operation, service_sid=f"IS{MALFORMED[malformed]}"), "not_found", operation)


@pytest.mark.parametrize("operation", OF_A_BINDING)
@pytest.mark.parametrize("malformed", MALFORMED)
def test_a_malformed_sid_is_one_that_does_not_exist(ask, operation, malformed):
    """A malformed Binding SID is a 404 on every operation of a Binding."""
    check_error(ask(operation, sid=f"BS{MALFORMED[malformed]}"), "not_found", operation)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("prefix", ["is", "BS", "AC", "Is", "", "%20IS", "IS-"])
def test_a_sid_of_another_kind_is_not_found(ask, operation, prefix):
    """A SID with another prefix than a service's is a 404."""
    check_error(ask(operation, service_sid=f"{prefix}{HEX}"), "not_found", operation)


@pytest.mark.parametrize("operation", OF_A_BINDING)
def test_a_binding_that_is_not_there_is_not_found(ask, world, operation):
    """A Binding that does not exist, one of another service and one of another account are 404, and stay untouched."""
    elsewhere = world.hundred["bindings"][0]["sid"]
    foreign = world.foreign["bindings"][0]["sid"]
    for sid in (f"BS{HEX}", elsewhere, foreign):
        check_error(ask(operation, sid=sid), "not_found", operation, path=ask.path(operation, sid=sid))
    foreign_service = world.foreign["sid"]
    check_error(ask(operation, service_sid=foreign_service, sid=foreign), "not_found", operation)
    owner = raw.basic(*world.foreign_auth)
    check_documented(ask("fetchBinding", service_sid=foreign_service, sid=foreign, auth=owner), "fetchBinding")
    check_documented(ask("fetchBinding", service_sid=world.hundred["sid"], sid=elsewhere), "fetchBinding")


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
        # a preflight is answered; any other OPTIONS is no method of the path, and is not said to be one
        assert set(re.split(", *", response.header("Allow"))) == allowed(template) - ({method} & {"OPTIONS"})


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "name", ["identity", "pageSize", "X", "BindingType%20", "%F0%9F%98%80", "Sid", "Identity%5B%5D"]
)
def test_an_unknown_parameter(ask, operation, name):
    """A query parameter that the operation does not have is a 400 which names those that it has, on DELETE as well."""
    known = [p["name"] for p in operations()[operation].spec.get("parameters", []) if p["in"] == "query"]
    shown = unquote(name)
    facts = {"parameter": shown, "known": ", ".join(known) or "none"}
    check_error(ask(operation, f"{name}=1"), "unknown_parameter", operation, **facts)
    check_error(ask(operation, name), "unknown_parameter", operation, **facts)


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name != "listBindings"])
@pytest.mark.parametrize("parameter", ["PageSize=50", "PageToken=x", "Identity=a", "BindingType=apn", "Page=0"])
def test_the_parameters_of_a_list_are_unknown_elsewhere(ask, operation, parameter):
    """What a list takes is unknown to the other operations."""
    check_error(ask(operation, parameter), "unknown_parameter", operation, known="none")


def test_a_delete_with_an_unknown_parameter_deletes_nothing(ask, world):
    """A DELETE that is refused for its query leaves the Binding as it is."""
    sid = world.full["bindings"][7]["sid"]
    check_error(ask("deleteBinding", "force=true", sid=sid), "unknown_parameter", "deleteBinding")
    check_documented(ask("fetchBinding", sid=sid), "fetchBinding")


def test_a_registration_with_a_parameter_in_the_query_registers_nothing(ask, world):
    """A registration that is refused for its query leaves no Binding behind."""
    empty = world.empty["sid"]
    check_error(ask("registerBinding", "Identity=x", service_sid=empty), "unknown_parameter", "registerBinding")
    assert check_documented(ask("listBindings", service_sid=empty), "listBindings")["bindings"] == []


@pytest.mark.parametrize("size", ["1001", "1002", "2147483648", "9" * 19, "9" * 1000, "0" * 1000 + "1001"])
def test_a_page_size_over_its_maximum(ask, size):
    """A `PageSize` over its maximum, however large, is an error of its own."""
    maximum = document(CONTRACT)["components"]["schemas"]["PageSize"]["maximum"]
    assert int(size[-1000:]) > maximum
    check_error(ask("listBindings", f"PageSize={size}"), "page_size_too_large", "listBindings")


def test_every_error_of_the_table_is_among_the_documented_responses():
    """Each operation documents each kind of error that concerns it, so that the rows above are all of them."""
    for name, operation in operations().items():
        statuses = {status for status in operation.spec["responses"] if status >= "400"}
        assert statuses == {"400", "401", "404", "405", "429", "500", "503"}, name
