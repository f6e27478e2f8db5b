"""The Containerfile of the guide, built by buildah and run; only its base image is another.

No registry of images is reached from here. Under the base's name stands an image that holds next to nothing: Python and
the system's programs are this machine's, mounted read-only while the image is built, and so is what the package needs,
so that nothing is fetched. Every instruction of the file is carried out as it stands.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..support.consoles import blocks
from ..support.processes import children, free_port
from ..support.running import check_answering, environment, wait_until

pytestmark = [
    pytest.mark.ci("builds an image"),
    pytest.mark.needs("buildah", "root"),
    pytest.mark.usefixtures("unmeasured"),
]

ROOT = Path(__file__).parents[2]
USER = 10001
IMAGE = "localhost/chat-bindings-test"
ACCOUNTS = ("passwd", "group", "shadow", "gshadow", "login.defs", "nsswitch.conf", "ld.so.cache", "localtime")
MOUNTED = [Path("/usr"), Path(sys.base_prefix), Path(sys.prefix)]


def containerfile() -> str:
    (text,) = blocks(ROOT / "openapi" / "guides" / "deploy.md", "dockerfile")
    return text


class Buildah:
    """buildah with a storage of its own."""

    def __init__(self, folder: Path) -> None:
        self._options = ["--storage-driver", "vfs", "--root", folder / "root", "--runroot", folder / "run"]
        self._volumes = [word for path in MOUNTED for word in ("--volume", f"{path}:{path}:ro")]

    def command(self, name: str, *arguments: object, mounted: bool = False) -> list[str]:
        volumes = [*self._volumes, "--isolation", "chroot"] if mounted else []
        return [str(word) for word in ["buildah", *self._options, name, *volumes, *arguments]]

    def __call__(self, name: str, *arguments: object, mounted: bool = False) -> str:
        command = self.command(name, *arguments, mounted=mounted)
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()


@pytest.fixture(scope="module")
def buildah(tmp_path_factory) -> Buildah:
    return Buildah(tmp_path_factory.mktemp("buildah"))


@pytest.fixture(scope="module")
def image(buildah, tmp_path_factory) -> str:
    """Build the image of the guide's Containerfile."""
    folder = tmp_path_factory.mktemp("context")
    wheel = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder / "dist", ROOT]
    subprocess.run(wheel, check=True, capture_output=True)
    (folder / "Containerfile").write_text(containerfile(), encoding="utf-8")
    for name in set(re.findall(r"^FROM (\S+)", containerfile(), re.MULTILINE)):
        make_base(buildah, folder / "base", name)
    buildah("build", "--format", "docker", "--pull-never", "--tag", IMAGE, folder, mounted=True)
    return IMAGE


def make_base(buildah: Buildah, folder: Path, name: str) -> None:
    """Make an image of that name, whose other files are mounted."""
    for path in ("etc", "tmp", "var/lib", "var/tmp", "opt", "proc", "sys", "dev"):
        (folder / path).mkdir(parents=True)
    (folder / "tmp").chmod(0o1777)
    for file in ACCOUNTS:
        if Path("/etc", file).exists():
            shutil.copy(Path("/etc", file), folder / "etc" / file)
    for path in ("bin", "sbin", "lib", "lib64"):
        (folder / path).symlink_to(f"usr/{path}")
    base = buildah("from", "scratch")
    buildah("copy", base, folder, "/")
    environment = {
        "PATH": f"{sys.base_prefix}/bin:/usr/bin:/usr/sbin:/bin",
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1",
    }
    buildah("config", *(word for pair in environment.items() for word in ("--env", "=".join(pair))), base)
    buildah("commit", "--quiet", base, name)
    buildah("rm", base)


@pytest.fixture
def container(buildah, image) -> Iterator[str]:
    name = buildah("from", "--pull-never", image)
    yield name
    buildah("rm", name)


def test_the_image_serves(buildah, container):
    """The image of the Containerfile serves as a user without rights, keeps its database in the volume, and ends."""
    inspected = buildah(
        "inspect", "--format", "{{.OCIv1.Config.User}} {{.OCIv1.Config.Entrypoint}} {{.OCIv1.Config.Cmd}}", container
    )
    assert inspected == f"{USER} [chat-bindings] [serve]"
    port = free_port()
    run = ("run", "--env", f"CHAT_BINDINGS_PORT={port}", container, "--")
    buildah(*run, "chat-bindings", "account", "create", mounted=True)
    account = list_accounts(buildah, *run)
    assert re.fullmatch("AC[0-9a-f]{32}", account)
    command = buildah.command(*run, "chat-bindings", "serve", mounted=True)
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        health = buildah.command(*run, *healthcheck(buildah, container), mounted=True)
        assert wait_until(lambda: process.poll() is not None or _succeeds(health), 60)
        check_answering(process, port)
        (server,) = [pid for pid in below(process.pid) if Path(f"/proc/{pid}/exe").readlink().name.startswith("python")]
        assert Path(f"/proc/{server}").stat().st_uid == USER
        os.kill(server, signal.SIGTERM)
        assert process.wait(60) == 0, process.stderr.read()
    assert list_accounts(buildah, *run) == account


def list_accounts(buildah: Buildah, *run: object) -> str:
    """List the accounts, and repeat an empty list: buildah loses the output of a short command now and then."""
    outputs = (buildah(*run, "chat-bindings", "account", "list", mounted=True) for _ in range(10))
    return next(filter(None, outputs))


def healthcheck(buildah: Buildah, container: str) -> list[str]:
    """Return the command of the image's health check."""
    test = json.loads(buildah("inspect", container))["Docker"]["config"]["Healthcheck"]["Test"]
    assert test[0] == "CMD"
    return [str(word) for word in test[1:]]


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, env=environment(), capture_output=True, check=False).returncode == 0


def below(pid: int) -> list[int]:
    """List all processes under one, but itself."""
    return [each for child in children(pid) for each in (child, *below(child))]
