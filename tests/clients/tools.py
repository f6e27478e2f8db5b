"""What must be on a machine for the SDKs to run there, and how to get it."""

import importlib.util
import json
import os
import shutil
from functools import cache
from typing import NoReturn

import pytest

from .machine import HERE, MODULES
from .namespace import Namespace, NamespaceError


def unavailable(what: str) -> NoReturn:
    """Skip the test; in CI, where nothing may be missing, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} (in CI nothing may be missing)", pytrace=False)
    pytest.skip(what)


@cache
def missing(need: str) -> str | None:
    """What is missing of `namespace`, `curl`, or an SDK by its name, and the mend; None when it is there."""
    if need == "namespace":
        return _namespace_missing()
    if need == "curl":
        return None if shutil.which("curl") else "curl is missing: install it, e.g. apt-get install curl"
    if need == "twilio-python":
        return None if importlib.util.find_spec("twilio") else f"{need} is missing: pip install --group test"
    if not shutil.which("node"):
        return "Node.js is missing: install it and npm, e.g. apt-get install nodejs npm"
    return None if _pinned_is_installed(need) else f"{need} is missing: npm install --prefix tests/clients"


def _namespace_missing() -> str | None:
    try:
        with Namespace({}):
            return None
    except NamespaceError as error:
        return str(error)


def _pinned_is_installed(sdk: str) -> bool:
    package = {"twilio-node": "twilio"}.get(sdk, sdk)
    pinned = json.loads((HERE / "package.json").read_text())["devDependencies"][package]
    manifest = MODULES / package / "package.json"
    return manifest.exists() and json.loads(manifest.read_text())["version"] == pinned
