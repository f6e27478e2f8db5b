"""The SDKs' tools on a machine, and their installation."""

import importlib.util
import json
import shutil
import subprocess
from functools import cache

from ..support import tools
from .machine import CSHARP_PROGRAMS, GO_HELPERS, HERE, JAVA_PROGRAMS, MODULES
from .namespace import Namespace, NamespaceError

_BUILT = {
    "twilio-go": ("go", GO_HELPERS, "install Go 1.19 or later"),
    "twilio-java": ("java", JAVA_PROGRAMS / ".built", "apt-get install default-jdk-headless maven"),
    "twilio-csharp": ("csharp", CSHARP_PROGRAMS / ".built", "install the SDK of .NET 10"),
}
"""SDKs of compiled languages: the folder of their programs, what is newer than those once they are built, the tools."""

_LIBRARIES = {
    "guzzle": (("php", "-r", "require 'GuzzleHttp/autoload.php';"), "apt-get install php-guzzlehttp-guzzle"),
    "typhoeus": (("ruby", "-e", "require 'typhoeus'"), "apt-get install ruby-typhoeus"),
}
"""Libraries of generated clients that no package manager brings here: how each is tried, and installed."""


@cache
def missing(need: str) -> str | None:
    """Describe a missing `namespace`, tool, or SDK by its name, and the mend; None when it is there."""
    if need == "namespace":
        return _namespace_missing()
    if need in tools.COMMANDS:
        return tools.missing(need)
    if need in _LIBRARIES:
        return _library_missing(need)
    return _not_built(need) if need in _BUILT else _package_missing(need)


def _namespace_missing() -> str | None:
    try:
        with Namespace({}):
            return None
    except NamespaceError as error:
        return str(error)


def _library_missing(library: str) -> str | None:
    tried, mend = _LIBRARIES[library]
    try:
        there = not subprocess.run(tried, capture_output=True, check=False).returncode
    except FileNotFoundError:
        there = False
    return None if there else f"{library} is missing: {mend}"


def _package_missing(sdk: str) -> str | None:
    if sdk == "twilio-python":
        return None if importlib.util.find_spec("twilio") else f"{sdk} is missing: pip install --group test"
    if not shutil.which("node"):
        return "Node.js is missing: install it and npm, e.g. apt-get install nodejs npm"
    return None if _pinned_is_installed(sdk) else f"{sdk} is missing: npm install --prefix tests/clients"


def _not_built(sdk: str) -> str | None:
    folder, built, tools = _BUILT[sdk]
    sources = [*(HERE / "programs" / folder).iterdir()]
    if folder != "csharp":  # those are built by their test
        sources += [*(HERE / "helpers" / folder).iterdir(), *HERE.glob(f"loopback/*.{folder}")]
    if built.exists() and built.stat().st_mtime >= max(file.stat().st_mtime for file in sources):
        return None
    return f"{sdk} is not built: {tools}, then make sdks"


def _pinned_is_installed(sdk: str) -> bool:
    package = {"twilio-node": "twilio"}.get(sdk, sdk)
    pinned = json.loads((HERE / "package.json").read_text())["devDependencies"][package]
    manifest = MODULES / package / "package.json"
    return manifest.exists() and json.loads(manifest.read_text())["version"] == pinned
