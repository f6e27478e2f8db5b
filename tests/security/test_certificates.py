"""A certificate that is renewed is served by every worker without a restart, and no connection notices."""

import ssl
import time
from urllib.parse import urlsplit

import httpx
import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from ..conftest import load
from ..server.test_lifecycle import check_refusal, run_serve
from ..support.lists import list_url, walk
from ..support.running import Service, wait_until

WORKERS = 2


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


class Files:
    """A certificate's files, as a tool that renews it writes them."""

    def __init__(self, folder, authority: trustme.CA) -> None:
        self.cert, self.key = folder / "cert.pem", folder / "key.pem"
        self._authority = authority

    def issue(self) -> tuple[bytes, bytes]:
        issued = self._authority.issue_cert("localhost", "127.0.0.1")
        return b"".join(blob.bytes() for blob in issued.cert_chain_pems), issued.private_key_pem.bytes()

    def write(self, cert: bytes | None = None, key: bytes | None = None) -> None:
        for path, content in ((self.cert, cert), (self.key, key)):
            if content is not None:
                path.with_suffix(".new").write_bytes(content)
                path.with_suffix(".new").replace(path)

    @property
    def options(self) -> tuple[object, ...]:
        return "--tls-cert", self.cert, "--tls-key", self.key


@pytest.fixture
def files(tmp_path, authority):
    made = Files(tmp_path, authority)
    made.write(*made.issue())
    return made


@pytest.fixture
def trust(tmp_path, authority):
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))


def first_of(chain: bytes) -> str:
    end = b"-----END CERTIFICATE-----"
    return (chain.partition(end)[0] + end).decode().strip()


def seen(service: Service, connections: int = 3) -> set[str]:
    """The certificates that new connections are given; any of the workers may take one."""
    parts = urlsplit(service.url)
    address = parts.hostname, parts.port
    return {ssl.get_server_certificate(address, timeout=60).strip() for _ in range(connections)}


def everywhere(service: Service, chain: bytes) -> bool:
    return wait_until(lambda: seen(service, 12) == {first_of(chain)}, 60, every=0.5)


def test_https(tmp_path, files, trust, world_file, world):
    """With a certificate it serves HTTPS, and its URLs say so."""
    with Service(load(tmp_path / "tls.db", world_file), *files.options) as service:
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
    (tmp_path / "other.pem").write_bytes(files.issue()[1])
    encrypted = serialization.load_pem_private_key(files.key.read_bytes(), None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"a secret password"),
    )
    (tmp_path / "encrypted.pem").write_bytes(encrypted)
    options = [part for name, file in (("--tls-cert", cert), ("--tls-key", key)) if file
               for part in (name, tmp_path / file)]  # fmt: skip
    check_refusal(run_serve("--port", 0, "--database", f"sqlite:///{tmp_path}/a.db", *options), *names)


def test_a_renewed_certificate(tmp_path, files, trust):
    """Files that change are read again by each worker; what is connected stays so, with the old one."""
    with Service(tmp_path / "tls.db", *files.options, "--workers", WORKERS) as service:
        service.wait_for_workers(WORKERS)
        with httpx.Client(base_url=service.url, verify=trust, timeout=60) as kept:
            assert kept.get("/x").status_code == 404
            connection = next(iter(kept._transport._pool.connections))  # noqa: SLF001 - to see that it is the same
            renewed = files.issue()
            files.write(*renewed)
            assert everywhere(service, renewed[0]), service.log
            assert kept.get("/x").status_code == 404
            assert next(iter(kept._transport._pool.connections)) is connection  # noqa: SLF001 - as above
            assert connection.is_available()
        # a worker reads the files when a client connects to it
        assert wait_until(lambda: seen(service) and service.log.count("certificate reloaded") == WORKERS, 60)
        assert "Traceback" not in service.log


def test_a_certificate_that_is_broken(tmp_path, files):
    """Unusable files are logged, once a worker, and the last usable ones stay."""
    first = files.issue()
    files.write(*first)
    with Service(tmp_path / "tls.db", *files.options) as service:
        assert seen(service) == {first_of(first[0])}
        other = files.issue()
        problem = "the new certificate is unusable, the old one stays"
        for number, change in enumerate(({"cert": b"nonsense"}, {"cert": other[0]}), 1):
            files.write(**change)
            time.sleep(1.1)
            assert seen(service) == {first_of(first[0])}
            assert wait_until(lambda count=number: service.log.count(problem) == count, 60), service.log
        files.cert.unlink()
        time.sleep(1.1)
        assert seen(service) == {first_of(first[0])}
        assert wait_until(lambda: service.log.count(problem) == 3, 60), service.log
        files.write(*other)
        assert everywhere(service, other[0]), service.log
        assert "Traceback" not in service.log


def test_a_certificate_behind_a_link(tmp_path, files):
    """What a link leads to counts, as with certbot and in Kubernetes."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    old, new = files.issue(), files.issue()
    for name, (cert, key) in (("one", old), ("two", new)):
        (tmp_path / name / "cert.pem").write_bytes(cert)
        (tmp_path / name / "key.pem").write_bytes(key)
    link = tmp_path / "live"
    link.symlink_to("one")
    with Service(tmp_path / "tls.db", "--tls-cert", link / "cert.pem", "--tls-key", link / "key.pem") as service:
        assert seen(service) == {first_of(old[0])}
        (tmp_path / "live.new").symlink_to("two")
        (tmp_path / "live.new").replace(link)
        assert everywhere(service, new[0]), service.log
