"""Values of the options of `serve`. That a refusal names its option is tested elsewhere."""

import click
import pytest

from chat_bindings.cli.options import Whole
from chat_bindings.server.http.listening import host
from chat_bindings.server.settings import network, public_url


@pytest.mark.parametrize(
    "url",
    ["https://chat.twilio.com", "http://localhost:8000", "https://[::1]:443", "https://h/prefix", "https://h:65535/"],
)
def test_a_public_url_is_a_scheme_and_a_host(url):
    """With a port and a path, if need be; a slash at the end is left out."""
    assert public_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    ("value", "bare"),
    [("[::1]", "::1"), ("::", "::"), ("0.0.0.0", "0.0.0.0"), ("localhost", "localhost"), ("fe80::1%lo", "fe80::1%lo")],
)
def test_a_host_is_an_address_or_a_name(value, bare):
    """An IPv6 address may stand in brackets, as in URLs."""
    assert host(value) == bare


NO_URLS = [
    "",
    "chat.twilio.com",
    "ftp://chat.twilio.com",
    "https://",
    "https:///x",
    "//chat.twilio.com",
    "https://[::1",
]
NO_URLS += ["https://h?a=b", "https://h#f", "https://u:p@h", "https://h h", "https://hé", "https://h:port"]
NO_URLS += ["https://h:99999", "https://h/a b", "https://h/\n", "https://h\n", 'https://h/"', "https://h/{x}"]
NO_NETWORKS = ["", "proxy", "10.0.0.0/33", "*", "::1/129", " 10.0.0.1"]
NO_HOSTS = ["", "[]", "[127.0.0.1]", "[localhost]", "127.0.0.1:80", "[::1]:80", "http://h", "*", " h", "h\n", "é"]


@pytest.mark.parametrize(
    ("parse", "rule", "value"),
    [
        *((public_url, "such as", value) for value in NO_URLS),
        *((network, r"such as 10\.0\.0\.0/8", value) for value in NO_NETWORKS),
        (network, r"write the network as 10\.0\.0\.0/8", "10.0.0.1/8"),
        *((host, "the port has an option of its own", value) for value in NO_HOSTS),
    ],
)
def test_anything_else_is_refused(parse, rule, value):
    """The error has an example of what is taken, or names the network that was meant."""
    with pytest.raises(ValueError, match=rule):
        parse(value)


@pytest.mark.parametrize("value", ["", "-1", "65536", "9" * 5000, "1_0", "１", "1.0", "+5", " 5", "0x10", "tcp://h:80"])
def test_a_whole_number_has_bounds_and_digits_alone(value):
    """Of any number of digits; the error names the bounds and stays short."""
    with pytest.raises(click.BadParameter, match="is not a whole number from 0 to 65535") as caught:
        Whole(0, 65_535).convert(value, None, None)
    assert len(caught.value.message) < 120
