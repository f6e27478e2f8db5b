"""`Prefer`, as RFC 7240 writes it."""

import time

import pytest

from chat_bindings.server.errors import ApiError
from chat_bindings.server.faults.prefer import format_preference, preferences


def read(*values: str) -> dict[str, str]:
    headers = [(b"prefer", value.encode("latin-1")) for value in values]
    return preferences([(b"host", b"x"), *headers, (b"preferred", b"other")])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([""], {}),
        (["respond-async, wait=10"], {"respond-async": "", "wait": "10"}),  # section 2's own
        (['foo; some-parameter=""'], {"foo": ""}),
        (["a=1, A=2", "a=3"], {"a": "1"}),
        (['a="x, y;z=\\"1\\"", b'], {"a": 'x, y;z="1"', "b": ""}),
        (['a = "b\\\\c" ;p ; q = "," ,, b'], {"a": "b\\c", "b": ""}),
        (["a;;b; ;c"], {"a": ""}),
        (['a="\xfc"'], {"a": "\xfc"}),
    ],
)
def test_it_is_read(values, expected):
    """Lists, several headers, quotes, parameters, empty values and names in any case; the first of a name counts."""
    assert read(*values) == expected


@pytest.mark.parametrize(
    "value", ["code 429", "code=", "=429", 'a="x', 'a="x"y', "a=b=c", "a;=x", "a\x00", "(a)", "a=\xfc"]
)
def test_malformed_preferences_are_refused(value):
    """Text outside of the grammar is an error, and its sentence does not repeat it."""
    with pytest.raises(ApiError) as raised:
        read(value)
    assert raised.value.name == "invalid_parameter"
    assert value not in raised.value.facts["rule"]


@pytest.mark.parametrize("values", [["," * 131_072], ["a" + ",a" * 100], ["a,b"] * 51, [""] * 101])
def test_a_list_of_too_many_preferences_is_refused(values):
    """Empty elements count as well, over all headers: each would be a step, and a header has room for 131,072."""
    with pytest.raises(ApiError) as raised:
        read(*values)
    assert raised.value.facts["rule"] == "must have at most 100 preferences"
    assert read("a" + ",a" * 99) == {"a": ""}


@pytest.mark.parametrize(
    "value", ["a;" * 30_000 + "(", "a" + " ;" * 30_000 + "(", '"' * 60_000, "a=" + '"\\"' * 20_000]
)
def test_no_header_takes_long(value):
    """The worst of 60 KB is read or refused in the time that any header takes: nothing is tried twice."""
    began = time.process_time()
    with pytest.raises(ApiError):
        read(value)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("value", ["", "429", "a b", 'say "so"', "back\\slash", "a,b;c=d"])
def test_formatted_preferences_are_parsed_again(value):
    """A preference that a response reports is the one that was sent."""
    assert read(format_preference("name", value)) == {"name": value}
