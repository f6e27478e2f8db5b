"""The private machine keeps to itself."""

import subprocess
from pathlib import Path

import pytest

from ..support.tools import unavailable
from .machine import HOST, Machine
from .namespace import Namespace, NamespaceError

HOSTS = Path("/etc/hosts")


def inside(namespace: Namespace, *command):
    return subprocess.run([*namespace.enter, *command], capture_output=True, check=True, text=True).stdout


def test_hosts(namespace: Namespace):
    """Inside, the host of the SDKs is the loopback; outside, /etc/hosts has never heard of it."""
    assert f"127.0.0.1 {HOST}" in inside(namespace, "cat", HOSTS)
    assert HOST not in HOSTS.read_text()


def test_network(namespace: Namespace):
    """Inside there is the loopback and no other network, so that no SDK reaches another host."""
    headings, devices = 2, inside(namespace, "cat", "/proc/net/dev").splitlines()
    assert [line.split(":")[0].strip() for line in devices[headings:]] == ["lo"]


def test_working_directory(namespace: Namespace):
    """A program inside stands where its caller stands."""
    assert inside(namespace, "pwd").strip() == str(Path.cwd())


@pytest.mark.usefixtures("namespace")
def test_end():
    """A namespace ends with its block."""
    with Namespace({}) as short:
        holder = Path(f"/proc/{short.enter[1].removeprefix('--target=')}")
        assert holder.exists()
    assert not holder.exists()


@pytest.mark.needs("curl")
def test_trust(machine: Machine):
    """The SDKs' host is served with a certificate that none but a client with our authority trusts."""
    ended = machine.run("env", "-u", "CURL_CA_BUNDLE", "-u", "SSL_CERT_FILE", "curl", "-sS", f"https://{HOST}/")
    assert "certificate" in ended.stderr


def test_without_tools(monkeypatch):
    """Where namespaces cannot be made for want of a tool, the message names it and its package."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NamespaceError, match="unshare, nsenter, mount not found: on Linux, install util-linux"):
        Namespace({}).__enter__()


def test_refused(monkeypatch, tmp_path):
    """Where the system refuses namespaces, the message holds its words and the mend."""
    refusing = tmp_path / "unshare"
    refusing.write_text("#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(NamespaceError, match=r"Operation not permitted.*run as root, or allow it"):
        Namespace({}).__enter__()


def test_skipped_but_not_in_ci(monkeypatch):
    """What is missing skips a test on a person's machine, and fails it in CI."""
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="curl is missing"):
        unavailable("curl is missing")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="curl is missing"):
        unavailable("curl is missing")
