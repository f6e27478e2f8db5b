"""What the options of `serve` take, value by value. That a refusal names its option is tested elsewhere."""

import click
import pytest

from chat_bindings.commands.serve import NetworkType, UrlType


@pytest.mark.parametrize(
    "url",
    ["https://chat.twilio.com", "http://localhost:8000", "https://[::1]:443", "https://h/prefix", "https://h:65535/"],
)
def test_a_public_url_is_a_scheme_and_a_host(url):
    """With a port and a path, if need be; a slash at the end is left out."""
    assert UrlType().convert(url, None, None) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "chat.twilio.com",
            "ftp://chat.twilio.com",
            "https://",
            "https:///x",
            "//chat.twilio.com",
            "https://[::1",
        ),
        *("https://h?a=b", "https://h#f", "https://u:p@h", "https://h h", "https://hé", "https://h:port"),
        *("https://h:99999", "https://h/a b", "https://h/\n", "https://h\n", 'https://h/"', "https://h/{x}"),
    ],
)
def test_a_public_url_is_nothing_else(url):
    """What could not begin an absolute URL of plain ASCII is refused, with an example of what can."""
    with pytest.raises(click.BadParameter, match="such as"):
        UrlType().convert(url, None, None)


@pytest.mark.parametrize("network", ["", "proxy", "10.0.0.0/33", "10.0.0.1/8", "*", "::1/129"])
def test_a_trusted_proxy_is_an_address_or_a_network(network):
    """Anything else is refused, with an example."""
    with pytest.raises(click.BadParameter, match=r"such as 10\.0\.0\.0/8"):
        NetworkType().convert(network, None, None)
