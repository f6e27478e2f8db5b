"""Database addresses: the accepted ones, and the errors of the others."""

import re

import pytest

from chat_bindings.storage.engines import BadLocator, check, mask_password


@pytest.mark.parametrize(
    ("locator", "said"),
    [
        ("postgresql://user:secret@host/db", "password"),
        ("postgresql://user@host/db?password=secret", "password"),
        ("postgresql://host/db?nonsense=1", "postgresql://user@host:5432/database"),
        ("postgresql://[host/db", "is no URL"),
        (
            "mysql://host/db",
            "'mysql' is not a kind of database: write sqlite:///path or postgresql://user@host/database",
        ),
        ("bindings.db", "sqlite:///path"),
        ("sqlite://host/path", "sqlite:////absolute.db"),
        ("sqlite:///", "sqlite:///relative.db"),
        ("sqlite:///a.db?mode=ro", "in an SQLite address ? is written %3F, and there are no parameters"),
        ("sqlite:///a#b.db", "in an SQLite address # is written %23"),
        ("sqlite:///a.db#", "# is written %23"),
        ("sqlite:///a.db?", "? is written %3F"),
        ("sqlite:///:memory:", "the database is a file, and :memory: is none: write sqlite:///relative.db"),
        ("sqlite:///%3Amemory%3A", "the database is a file, and :memory: is none"),
        ("sqlite:///file:a.db", "the database is a file, and file:a.d is none"),
        ("sqlite:///~/a.db", "only a shell knows ~: write the whole path"),
        ("sqlite:///~me/a.db", "only a shell knows ~"),
        (" sqlite:///a.db", "has a space at an end: leave it out, or write %20"),
        ("sqlite:///a.db ", "has a space at an end"),
        ("sqlite:/// a.db", "has a space at an end"),
        ("postgresql://user@host/db ", "has a space at an end"),
        ("sqlite:///a.db\n", "has a space at an end"),
        ("sqlite:///a\nb.db", "has a control character: percent-encode it"),
        ("sqlite:///a%00.db", "no path has a NUL"),
        ("x" * 5000, f"'{'x' * 60}' is not a kind of database"),
    ],
)
def test_bad_addresses_say_what_to_write(locator, said):
    """An unusable address is refused with the mend, and a password is never repeated."""
    with pytest.raises(BadLocator, match=re.escape(said)) as caught:
        check(locator)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "locator",
    [
        "sqlite:///a.db",
        "sqlite:////a/b.db",
        "sqlite:///%20a%3Fb%23.db",
        "sqlite:///a folder/b.db",
        "sqlite:///./~a.db",
        "postgresql://user@host/db",
        "postgresql:///db?host=/run/postgresql",
        "postgres://host:5433,other/db?target_session_attrs=read-write",
        "postgresql://",
    ],
)
def test_good_addresses_are_taken(locator):
    """Addresses of PostgreSQL's own programs are accepted, and logged unchanged."""
    check(locator)
    assert mask_password(locator) == locator


def test_a_variable_may_hold_a_password():
    """An address from a variable may hold a password, which is never logged; the refusal of others names the ways."""
    for address, logged in (
        ("postgresql://user:secret@host:5433/db", "postgresql://user@host:5433/db"),
        ("postgresql://user@host/db?sslmode=require&password=secret", "postgresql://user@host/db?sslmode=require"),
        ("postgresql://:secret@/db", "postgresql:///db"),
    ):
        check(address, seen=False)
        assert mask_password(address) == logged
        with pytest.raises(BadLocator, match=r"PGPASSFILE .*PGPASSWORD.*CHAT_BINDINGS_DATABASE"):
            check(address)
    with pytest.raises(BadLocator, match="password"):
        check("sqlite://user:secret@host/a.db", seen=False)
