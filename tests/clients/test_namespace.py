"""The private machine keeps to itself."""

import subprocess

import pytest

from ..support.tools import unavailable
from .namespace import Namespace, NamespaceError


def test_network(namespace: Namespace):
    """Inside there is the loopback and no other network, so that no SDK reaches another host."""
    listed = subprocess.run([*namespace.enter, "cat", "/proc/net/dev"], capture_output=True, check=True, text=True)
    _, _, *devices = listed.stdout.splitlines()
    assert [line.split(":")[0].strip() for line in devices] == ["lo"]


def test_refused(monkeypatch, tmp_path):
    """The message holds the system's words and the mend where it refuses namespaces."""
    refusing = tmp_path / "unshare"
    refusing.write_text("#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(NamespaceError, match=r"Operation not permitted.*run as root, or allow it"):
        Namespace({}).__enter__()


def test_skipped_but_not_in_ci(monkeypatch):
    """A missing tool skips a test on a person's machine, and fails it in CI."""
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="curl is missing"):
        unavailable("curl is missing")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="curl is missing"):
        unavailable("curl is missing")
