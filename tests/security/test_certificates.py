"""A renewed certificate is served by every worker without a restart, and no connection notices."""

import ssl
import time
from functools import partial
from urllib.parse import urlsplit

import httpx
import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from ..support.lists import list_url, walk
from ..support.running import Service, cli_error, wait_until

WORKERS = 2


AUTHORITY = trustme.CA()


def issue() -> tuple[bytes, bytes]:
    """Issue a new certificate, and its key."""
    issued = AUTHORITY.issue_cert("localhost", "127.0.0.1")
    return issued.cert_chain_pems[0].bytes(), issued.private_key_pem.bytes()


class Files:
    """A certificate's files, as a tool that renews it writes them."""

    def __init__(self, folder) -> None:
        self.cert, self.key = folder / "cert.pem", folder / "key.pem"
        self.options = "--tls-cert", self.cert, "--tls-key", self.key
        self.write(*issue())

    def write(self, cert: bytes, key: bytes | None = None) -> None:
        for path, content in ((self.cert, cert), (self.key, key or self.key.read_bytes())):
            path.with_suffix(".new").write_bytes(content)
            path.with_suffix(".new").replace(path)


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


@pytest.fixture(scope="module")
def trust():
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


def seen(service: Service, connections: int = 3) -> set[bytes]:
    """Collect the certificates that new connections get; any of the workers may take one."""
    parts = urlsplit(service.url)
    address = parts.hostname, parts.port
    return {ssl.get_server_certificate(address, timeout=60).encode() for _ in range(connections)}


def everywhere(service: Service, cert: bytes) -> bool:
    return wait_until(lambda: seen(service, 12) == {cert}, 60, every=0.5)


def test_https(serve, files, trust, world):
    """With a certificate it serves HTTPS, and its URLs say so."""
    service = serve(*files.options)
    assert service.url.startswith("https://127.0.0.1:")
    with httpx.Client(base_url=service.url, auth=world.auth, verify=trust, timeout=60) as client:
        pages = list(walk(client, list_url(client, world.hundred["sid"], ("PageSize", 60))))
    assert pages[0]["meta"]["next_page_url"].startswith(f"{service.url}/")


@pytest.mark.parametrize(
    ("cert", "key", "names"),
    [
        ("cert.pem", None, ("--tls-cert", "--tls-key")),
        (None, "key.pem", ("--tls-cert", "--tls-key")),
        ("missing.pem", "key.pem", ("--tls-cert", "missing.pem")),
        ("cert.pem", "missing.pem", ("--tls-key", "missing.pem")),
        ("empty.pem", "key.pem", ("--tls-cert", "empty.pem")),
        ("key.pem", "cert.pem", ("--tls-cert",)),
        ("cert.pem", "other.pem", ("--tls-cert", "--tls-key")),
        ("cert.pem", "encrypted.pem", ("--tls-key", "is encrypted")),
    ],
)
def test_certificates_that_cannot_be_used(tmp_path, files, cert, key, names):
    """A certificate or key that is missing, empty, of another kind, of another pair or encrypted is refused."""
    (tmp_path / "empty.pem").touch()
    (tmp_path / "other.pem").write_bytes(issue()[1])
    encrypted = serialization.load_pem_private_key(files.key.read_bytes(), None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"a secret password"),
    )
    (tmp_path / "encrypted.pem").write_bytes(encrypted)
    options = [part for name, file in (("--tls-cert", cert), ("--tls-key", key)) if file
               for part in (name, tmp_path / file)]  # fmt: skip
    error = cli_error("serve", "--port", 0, "--database", f"sqlite:///{tmp_path}/a.db", *options, timeout=60)
    assert [name for name in names if name not in error] == []


def test_a_renewed_certificate(serve, files, trust):
    """Files that change are read again by each worker; what is connected stays so, with the old one."""
    service = serve(*files.options, "--workers", WORKERS)
    service.wait_for_workers(WORKERS)
    with httpx.Client(base_url=service.url, verify=trust, timeout=60) as kept:
        assert kept.get("/x").status_code == 404
        connection = next(iter(kept._transport._pool.connections))  # noqa: SLF001 - to see that it is the same
        files.write(*(renewed := issue()))
        assert everywhere(service, renewed[0]), service.log
        assert kept.get("/x").status_code == 404
        assert next(iter(kept._transport._pool.connections)) is connection  # noqa: SLF001 - as above
        assert connection.is_available()
    # a worker reads the files when a client connects to it
    assert wait_until(lambda: seen(service) and service.log.count("certificate reloaded") == WORKERS, 60)


def test_a_certificate_that_is_broken(serve, files):
    """Unusable files are logged, once a worker, and the last usable ones stay."""
    first, other = files.cert.read_bytes(), issue()
    service = serve(*files.options)
    assert seen(service) == {first}
    problem = "the new certificate is unusable, the old one stays"
    breaks = [partial(files.write, b"nonsense"), partial(files.write, other[0]), files.cert.unlink]
    for number, break_files in enumerate(breaks, 1):
        break_files()
        time.sleep(1.1)
        assert seen(service) == {first}
        assert wait_until(lambda count=number: service.log.count(problem) == count, 60), service.log
    files.write(*other)
    assert everywhere(service, other[0]), service.log


def test_a_certificate_behind_a_link(serve, tmp_path):
    """Certificates behind a link are read through it, as with certbot and in Kubernetes."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    old, new = Files(tmp_path / "one"), Files(tmp_path / "two")
    link = tmp_path / "live"
    link.symlink_to("one")
    service = serve("--tls-cert", link / "cert.pem", "--tls-key", link / "key.pem")
    assert seen(service) == {old.cert.read_bytes()}
    (tmp_path / "live.new").symlink_to("two")
    (tmp_path / "live.new").replace(link)
    assert everywhere(service, new.cert.read_bytes()), service.log
