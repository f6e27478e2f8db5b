"""Schemathesis, without any hook of ours: what its configuration file alone can say is said.

The fairest plain set-up that we know: all phases and checks; a spec whose examples exist; the SIDs of the world's
largest service, its identities and page tokens of the server as dictionaries; two accounts, so that it can ask as the
one for what the other has. Given to it as a file, the credentials are those that `--auth` would send.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import yaml

from .specification import localized
from .tool import Site, Trial, finish, not_ended, python, unique

Json = dict[str, Any]

_CONFIGURATION = """
continue-on-failure = true
request-timeout = 30.0

[generation]
database = "none"
no-shrink = true

[cache]
enabled = false

[checks]
enabled = true

[phases]
enabled = true

[auth.wfc]
path = "auth.json"
user = "account"
peers = ["account", "foreign"]
"""
_ENDS_WITHIN_S = 240
_PAGES = 8


class Schemathesis:
    """`schemathesis run`."""

    name = "Schemathesis"
    is_random = True

    def __init__(self, examples: int) -> None:
        self._examples = examples
        self.settings = f"--max-examples {examples}, all phases and checks"

    def version(self) -> str:
        return version("schemathesis")

    def missing(self) -> str | None:
        return None

    def run(self, site: Site) -> Trial:
        """Run it: a finding is a check that failed, and the operation."""
        (site.folder / "auth.json").write_text(json.dumps({"auth": list(_accounts(site))}), encoding="utf-8")
        spec = site.folder / "spec.yaml"
        spec.write_text(yaml.safe_dump(localized(site.world), sort_keys=False), encoding="utf-8")
        configuration = site.folder / "schemathesis.toml"
        configuration.write_text(_CONFIGURATION + "\n".join(_dictionaries(site)), encoding="utf-8")
        report = site.folder / "report.ndjson"
        command = python(
            "schemathesis.cli", "--config-file", configuration, "run", spec, "--url", site.url, "--no-color",
            "--max-examples", self._examples, "--seed", site.seed, "--report", "ndjson", "--report-ndjson-path", report,
        )  # fmt: skip
        ended = finish(command, _ENDS_WITHIN_S, site.folder)
        notes = not_ended(self.name, _ENDS_WITHIN_S) if ended.returncode is None else ()
        if not report.exists() or ended.returncode not in (None, 0, 1):
            notes += (f"it ended with {ended.returncode}: {ended.output[-500:]}",)
        return Trial(unique(_failures(report)) if report.exists() else frozenset(), notes)


def _accounts(site: Site) -> Iterator[Json]:
    for name, pair in (("account", site.world.auth), ("foreign", site.world.foreign_auth)):
        value = "Basic " + base64.b64encode(":".join(pair).encode()).decode()
        yield {"name": name, "fixedHeaders": [{"name": "Authorization", "value": value}]}


def _dictionaries(site: Site) -> Iterator[str]:
    """What parameters may be, besides what is generated, as TOML."""
    service = site.world.full
    bindings = service["bindings"]
    yield from _dictionary("path.ServiceSid", [service["sid"]], 0.9)
    yield from _dictionary("path.Sid", [binding["sid"] for binding in bindings], 0.9)
    yield from _dictionary("query.Identity", sorted({binding["identity"] for binding in bindings}), 0.5)
    if tokens := list(_tokens(site)):
        yield from _dictionary("query.PageToken", tokens, 1.0)


def _dictionary(parameter: str, values: Iterable[str], probability: float) -> Iterator[str]:
    name = parameter.partition(".")[2]
    quoted = ", ".join('"' + "".join(f"\\U{ord(character):08x}" for character in value) + '"' for value in values)
    yield f'[parameters."{parameter}"]\ndictionary = "{name}"\nprobability = {probability}'
    yield f"[dictionaries.{name}]\nvalues = [{quoted}]"


def _tokens(site: Site) -> Iterator[str]:
    """Page tokens of the server, as its user would copy them from its answers; a wrong server may give none."""
    url: str | None = f"{site.url}/v2/Services/{site.world.full['sid']}/Bindings?PageSize=20"
    try:
        for _ in range(_PAGES):
            meta = httpx.get(str(url), auth=site.world.auth, timeout=30).raise_for_status().json()["meta"]
            url = meta["next_page_url"]
            if not url:
                return
            yield from parse_qs(urlsplit(url).query).get("PageToken", [])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, LookupError, TypeError, AttributeError):
        return


def _failures(report: Path) -> Iterator[str]:
    with report.open(encoding="utf-8") as events:
        for line in events:
            try:
                ((kind, event),) = json.loads(line).items()
            except ValueError:  # the last line of what was ended
                continue
            if kind == "ScenarioFinished":
                yield from _failed(event["recorder"])


def _failed(recorder: Json) -> Iterator[str]:
    cases = recorder.get("cases", {})
    for number, checks in recorder.get("checks", {}).items():
        case = cases.get(number, {}).get("value", {})
        for check in checks:
            # What can be generated for a token is none: that it is refused is right, though Schemathesis cannot know.
            is_token = check["name"] == "positive_data_acceptance" and "PageToken" in (case.get("query") or {})
            if check["status"] != "success" and not is_token:
                yield f"{check['name']}: {case.get('method', '')} {case.get('path', recorder.get('label', ''))}"
