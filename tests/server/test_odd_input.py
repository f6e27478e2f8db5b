"""Queries and paths that break naive servers: each gets the spec's error or the response to its real meaning.

The clauses of PAGE, FILTER and TEXT leave a server free where an input can be read in several ways; this is how the
reference reads it.
"""

from urllib.parse import quote, unquote

import pytest

from ..support.answers import check_documented, check_error, document, operations

OPERATIONS = sorted(operations())
PARAMETERS = {each["name"]: each for each in document()["components"]["parameters"].values()}
LEAST = {name: str(PARAMETERS[name]["schema"]["minimum"]) for name in ("Page", "PageSize")}
LAST_PAGE = PARAMETERS["Page"]["schema"]["maximum"]

NO_INTEGERS = {
    "a space": "%20",
    "a plus sign": "%2B5",
    "an underscore": "1_0",
    "a point at the end": "1.",
    "an exponent": "1e3",
    "hexadecimal": "0x10",
    "Arabic digits": quote("١٠"),
    "a minus alone": "-",
    "a NUL after": "1%00",
    "a line feed after": "1%0A",
    "invalid UTF-8": "1%FF",
    "broken percent-encoding": "1%",
    "1,000 digits and a letter": "9" * 1000 + "x",
}


@pytest.mark.parametrize("parameter", ["PageSize", "Page"])
@pytest.mark.parametrize("text", NO_INTEGERS.values(), ids=NO_INTEGERS)
def test_invalid_integers(ask, parameter, text):
    """An integer is ASCII digits alone; anything else is a 400 that names the parameter."""
    check_error(ask("listBindings", f"{parameter}={text}"), "invalid_parameter", "listBindings", parameter=parameter)


@pytest.mark.parametrize(
    ("query", "error", "bound"),
    [
        ("PageSize", "invalid_parameter", ""),
        ("Page", "invalid_parameter", ""),
        *((f"{name}=-{digits}", "invalid_parameter", least)
          for name, least in LEAST.items() for digits in ("1", "9" * 19, "9" * 1000)),
        ("PageSize=0", "invalid_parameter", LEAST["PageSize"]),
        *((f"Page={digits}", "invalid_parameter", str(LAST_PAGE))
          for digits in (LAST_PAGE + 1, "9" * 19, "9" * 1000, "9" * 5000)),
        ("PageSize=" + "0" * 1000 + "1001", "page_size_too_large", "1000"),
        ("PageSize=" + "9" * 1000, "page_size_too_large", "1000"),
        ("PageSize=20&PageSize=x", "invalid_parameter", ""),
        ("PageSize=20&PageSize=2000", "page_size_too_large", ""),
    ],
    ids=lambda value: value[:40],
)  # fmt: skip
def test_integers_out_of_bounds(ask, query, error, bound):
    """An integer out of bounds, however long, is a 400 with the bound; of a scalar sent twice the last counts."""
    assert bound in check_error(ask("listBindings", query), error, "listBindings")


@pytest.mark.parametrize(
    ("query", "key", "value"),
    [
        ("PageSize=05", "page_size", 5),
        ("PageSize=" + "0" * 60_000 + "5", "page_size", 5),
        ("Page=" + "0" * 5000, "page", 0),
        ("Page=-" + "0" * 5000, "page", 0),
        ("Page=2147483646", "page", 2147483646),
        ("PageSize=%35", "page_size", 5),
        ("Page%53ize=5", "page_size", 5),
        ("PageSize=x&PageSize=20", "page_size", 20),
        ("Page=1&Page=x&Page=3", "page", 3),
        ("&&PageSize=5&&", "page_size", 5),
    ],
)
def test_integers_that_are_fine(ask, query, key, value):
    """Bounds are inclusive, leading zeros mean nothing, and of a scalar sent twice the last counts."""
    assert check_documented(ask("listBindings", query), "listBindings")["meta"][key] == value


BROKEN = ["%", "%4", "%zz", "%G0", "%0g", "a%", "%%", "%E0%A4%A", "%u0041", "%-1", "%+41"]
NO_UTF8 = ["%FF", "%C3", "%C3%28", "%ED%A0%80", "%F4%90%80%80", "%C0%80", "%F0%9F%98", "%80", "%FE%FF%00a", "a%FFb"]


@pytest.mark.parametrize(
    "query",
    ["BindingType", "BindingType=apn&BindingType=", "BindingType=apn%0A", "Identity", "Identity=&Identity=a",
     "Identity=a&Identity=", "Identity=%00a", "Identity=a%00", "PageToken=", "PageToken=%00", "PageToken=BS",
     *(f"{name}={value}" for name in ("Identity", "BindingType", "PageToken", "Page") for value in BROKEN + NO_UTF8)],
)  # fmt: skip
def test_values_that_cannot_be_read(ask, query):
    """An empty value, a NUL, broken percent-encoding and what is not UTF-8 are a 400 that names the parameter."""
    named = query.partition("=")[0]
    check_error(ask("listBindings", query), "invalid_parameter", "listBindings", parameter=named)


@pytest.mark.parametrize("name", BROKEN + NO_UTF8)
def test_names_that_cannot_be_read(ask, name):
    """Broken percent-encoding and what is not UTF-8 in a name are a 400 on every operation."""
    for operation in OPERATIONS:
        check_error(ask(operation, f"{name}=1"), "invalid_parameter", operation)


@pytest.mark.parametrize("query", ["=", "=1", "=&=", "&=&", "&=1"])
def test_a_parameter_without_a_name(ask, query):
    """A parameter without a name is an unknown one."""
    check_error(ask("listBindings", query), "unknown_parameter", "listBindings")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_unknown_parameters(ask, world, operation):
    """A query parameter that an operation does not have is a 400 which names those that it has; nothing is done."""
    known = [each["name"] for each in operations()[operation].spec.get("parameters", []) if each["in"] == "query"]
    empty = world.empty["sid"]
    for name in {"identity", "BindingType%20", "%F0%9F%98%80", "Sid", "PageSize", "Identity"} - {*known}:
        for query in (name, f"{name}=1"):
            facts = {"parameter": unquote(name), "known": ", ".join(known) or "none"}
            check_error(ask(operation, query, service_sid=empty), "unknown_parameter", operation, **facts)
    assert check_documented(ask("listBindings", service_sid=empty), "listBindings")["bindings"] == []


@pytest.mark.parametrize("name", ["BindingType", "Identity"])
def test_the_number_of_values_of_a_filter(ask, name):
    """A filter takes as many values as the spec allows; one more is a 400 that names it and the bound."""
    most = PARAMETERS[name]["schema"]["maxItems"]
    longest = "&".join([f"{name}=apn"] * most)
    assert check_documented(ask("listBindings", longest), "listBindings")["meta"]["url"].count(f"{name}=") == most
    answer = ask("listBindings", f"{longest}&{name}=gcm")
    assert str(most) in check_error(answer, "invalid_parameter", "listBindings", parameter=name)


FINE = ["a%26b%3Dc", "a=b", "==", "?", "a?b", "/", "a/b", "%23", "%252F", "[]", "{}", "|", "^", "`", "%22", "<>", "\\",
        "a:b@c", "%F4%8F%BF%BF", "%EF%BF%BE", "%E2%80%AE", "a" * 60_000]  # fmt: skip


@pytest.mark.parametrize("value", FINE, ids=lambda value: value[:20])
def test_characters_that_a_value_may_have(ask, value):
    """Characters that URLs allow, and those that clients send all the same, are read as they are."""
    check_documented(ask("listBindings", f"Identity={value}"), "listBindings")


def test_an_error_does_not_repeat_a_long_input(ask):
    """A message repeats the beginning alone of a very long input."""
    check_error(ask("listBindings", f"{'x' * 50_000}=1"), "unknown_parameter", "listBindings")
    check_error(ask("listBindings", f"PageToken={'x' * 50_000}"), "invalid_parameter", "listBindings")
    check_error(ask("listBindings", path=f"/{'x' * 50_000}"), "not_found")


PATHS = {
    "a slash at the end of the list": "{list}/",
    "an extension": "{list}.json",
    "a double slash at the start": "/{list}",
    "a double slash inside": "/v2//Services/{service}/Bindings",
    "an encoded slash": "{list}%2F{sid}",
    "an encoded slash in small letters": "/v2%2fServices/{service}/Bindings",
    "two dots": "/v2/x/../Services/{service}/Bindings",
    "encoded dots": "/v2/x/%2E%2E/Services/{service}/Bindings",
    "a backslash": "/v2\\Services\\{service}\\Bindings",
    "a NUL at the end": "{list}%00",
    "a line feed at the end": "{list}%0A",
    "a question mark, encoded": "{list}%3FPageSize=1",
    "invalid UTF-8": "{list}%FF",
    "broken percent-encoding": "{list}%",
    "the user of a binding": "/v2/Services/{service}/Users/TestUser",
    "no service": "/v2/Services//Bindings",
    "the root": "/",
    "Connexion's own pages": "/ui/",
    "a spec": "/openapi.json",
    "a spec below a base path": "/registration/openapi.json",
    "the registration's base": "/registration",
    "the registration under the contract": "/registration{list}",
    "the contract under the registration": "/v1/Services/{service}/Bindings",
    "10,000 segments": "/x" * 10_000,
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_unknown_paths(ask, world, path):
    """Paths match exactly: anything near one, below or above it, is a 404 without a redirect, with any credentials."""
    full = world.full
    target = path.format(list=ask.path("listBindings"), service=full["sid"], sid=full["bindings"][0]["sid"])
    for method, auth in (("GET", ""), ("GET", None), ("DELETE", ""), ("POST", "")):
        response = ask("listBindings", method=method, path=target, auth=auth)
        check_error(response, "not_found")
        assert response.header("Location") is None


def test_queries_of_unknown_paths(ask):
    """A path that is not in the specs is a 404 whatever its query holds, and the message does not repeat the query."""
    message = check_error(ask("listBindings", b"%zz&Identity=secret&PageSize=9999", path="/x"), "not_found", path="/x")
    assert "secret" not in message


def test_letters_that_need_no_encoding(ask):
    """A path with letters percent-encoded without need is the same path (RFC 3986, 6.2.2.2)."""
    path = ask.path("fetchBinding").replace("Bindings", "%42indings")
    check_documented(ask("fetchBinding", path=path), "fetchBinding")


@pytest.mark.parametrize("digits", ["%FF", "%2F", "'%20OR%201=1--", "0" * 10_000], ids=lambda digits: digits[:9])
def test_malformed_sids_are_not_found(ask, digits):
    """A malformed SID, or one of another kind, is a 404 on every operation."""
    for operation in OPERATIONS:
        for prefix in ("IS", "is", "BS", ""):
            check_error(ask(operation, service_sid=prefix + digits.rjust(32, "0")), "not_found", operation)
        if "{Sid}" in operations()[operation].template:
            check_error(ask(operation, sid=f"BS{digits}"), "not_found", operation)


def test_many_parameters(ask):
    """As many parameters as a query may have are read; with one more it is refused with the bound."""
    query = "&".join("Page=1" for _ in range(1000))
    assert check_documented(ask("listBindings", query), "listBindings")["meta"]["page"] == 1
    answer = ask("listBindings", f"{query}&Page=1")
    assert "1000" in check_error(answer, "invalid_parameter", "listBindings", parameter="The query")
