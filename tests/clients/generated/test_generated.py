"""Generated clients: each is a package, the same in any place and time zone, and a program on it finds the world."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tree_sitter_c_sharp
from tree_sitter import Language, Node, Parser

from chat_bindings.cli.client import LANGUAGES

from ...conftest import load
from ...servers.http import serving
from ...support.answers import document
from ...support.files import files_of
from ...support.running import Service, World, cli_output
from . import cases
from .toolchains import TOOLCHAINS, Built, build, generate, listed_warnings, readme_code

pytestmark = [
    pytest.mark.ci("generates all clients twice, and builds a program on each"),
    pytest.mark.long,
    pytest.mark.usefixtures("unmeasured"),
]

LEFTOVERS = re.compile(
    r"GIT_USER_ID|team@openapitools|InlineResponse|ModelError|chat-bindings-client-\w{8}|/v1/Services|registration"
)
"""Placeholders of generators, names of a temporary folder, and parts of the spec that are not for clients."""

MANIFEST = re.compile(
    r"(pyproject\.toml|package\.json|pom\.xml|\.csproj|composer\.json|version\.rb|Cargo\.toml|build\.gradle)$"
)


CSHARP = {
    "BindingsApi.cs": [
        r"interface IBindingsApi",
        r'ClientUtils\.AddToQuery\(parseQueryStringLocalVar, "Identity", identity\.Value\)',
        r'ClientUtils\.AddToQuery\(parseQueryStringLocalVar, "BindingType", bindingType\.Value\)',
        r"ListBindingsAsync\(string serviceSid, Option<List<BindingType>> bindingType = default",
        r"bindingType = default, Option<List<string>> identity = default, Option<int> pageSize = default",
        r"Task<IFetchBindingApiResponse> FetchBindingAsync\(string serviceSid, string sid",
        r"Task<IDeleteBindingApiResponse> DeleteBindingAsync\(string serviceSid, string sid",
        r"bool TryNotFound\(\[NotNullWhen\(true\)\]out ChatBindings\.Model\.Error\? result\)",
        r"bool TryUnauthorized\(\[NotNullWhen\(true\)\]out ChatBindings\.Model\.Error\? result\)",
    ],
    "Binding.cs": [
        r"class Binding\b",
        r"DateTime\? DateCreated",
        r"string\? BindingType ",
        r"string\? CredentialSid",
        r"List<string>\? MessageTypes",
        r"BindingLinks\? Links",
        r"additionalProperties\[localVarJsonPropertyName!\] = JsonElement\.ParseValue\(ref utf8JsonReader\)",
        r"result\.AdditionalProperties\[each\.Key\] = each\.Value;",
    ],
    "ClientUtils.cs": [r"foreach \(object\? each in values\)\s+query\.Add\(name, ParameterToString\(each\)\);"],
    "BindingType.cs": [r"enum BindingType", r"Apn = ", r"Gcm = ", r"Fcm = "],
    "Error.cs": [r"class Error\b", r"int\? Code", r"string\? Message", r"string\? MoreInfo", r"int\? Status"],
    "PageMeta.cs": [r"string\? NextPageUrl", r"string\? PreviousPageUrl", r"string\? FirstPageUrl"],
    "BindingList.cs": [r"PageMeta Meta ", r"List<Binding> Bindings "],
}

SLOW = ("rust", "kotlin")
"""Compilers that take minutes: `make clients` runs them. CI generates their clients, and builds all others."""
BUILT = [
    pytest.param(
        name,
        marks=[
            pytest.mark.needs(*toolchain.needs),
            *([pytest.mark.nightly("compiles for minutes: part of `make clients`")] if name in SLOW else []),
        ],
    )
    for name, toolchain in TOOLCHAINS.items()
]
IDENTITIES = (
    "alice", "TestUser", "a,b", "apn,gcm", "a+b", "a b", "100%", "%2F", "a/b", "../a", "a&Identity=b", "a#b", "?",
    "O'Brien", "\\", "line\nfeed", "café", "cafe\u0301", "😀", "\U0001f44d\U0001f3fd", "left مريم right", " TestUser",
    "in\u00a0ner", "{identity}",
)  # fmt: skip
PAGE_SIZE = 7
USER = "alice"


@pytest.mark.parametrize(
    "language",
    [
        pytest.param(each, marks=[] if each == "java" else pytest.mark.nightly("generates all clients once more"))
        for each in LANGUAGES
    ],
)
def test_clients_are_the_same_elsewhere(language, tmp_path):
    """Generated again, elsewhere and in another time zone, a client is the same package."""
    client, _ = generate(language)
    cli_output("client", language, "-o", tmp_path / "a" / "client", cwd=tmp_path, TZ="Asia/Tokyo", LC_ALL="C")
    assert files_of(tmp_path / "a" / "client") == files_of(client)


@pytest.mark.parametrize("language", LANGUAGES)
def test_clients(language):
    """A client is a package, with the listed warnings."""
    client, warnings = generate(language)
    assert warnings == listed_warnings(language, "generator")
    check_package(client, language)
    if language == "csharp":
        check_csharp(client)


def check_package(client: Path, language: str) -> None:
    """Check the spec's version, and a README with its calls and paging; nothing is left of placeholders."""
    texts = {name: content.decode("utf-8-sig") for name, content in files_of(client).items()}
    assert [name for name, text in texts.items() if LEFTOVERS.search(text)] == []
    assert not any(re.search(r"git_push|travis|appveyor|\.github", name) for name in texts)
    version = document()["info"]["version"]
    manifests = [text for name, text in texts.items() if MANIFEST.search(name)]
    assert all(version in text for text in manifests)
    assert manifests or language == "go", "a Go module's version is its tag"
    assert f"version {version}" in texts["README.md"]
    for call in ("list_?bindings", "fetch_?binding", "delete_?binding", "PageToken"):
        assert re.search(call, readme_code(client), re.IGNORECASE), call


def check_csharp(client: Path) -> None:
    """Parse its files and its README's code as C#, since no .NET is here, and check its names and types."""
    sources = {path.name: path.read_text(encoding="utf-8-sig") for path in client.rglob("*.cs")}
    assert len(sources) > 20
    for name, text in {**sources, "README.md": readme_code(client)}.items():
        assert errors(text) == [], name
    assert not re.search(r"parseQueryStringLocalVar\[", sources["BindingsApi.cs"]), "a list would be joined by commas"
    (project,) = client.rglob("ChatBindings.csproj")
    described = project.read_text(encoding="utf-8-sig")
    assert "OpenAPI" not in described
    for element in ("Authors", "Company", "AssemblyTitle", "Description", "RepositoryUrl"):
        assert re.search(rf"<{element}>.*(chat-bindings|Programmable Chat).*</{element}>", described), element
    for name, patterns in CSHARP.items():
        for pattern in patterns:
            assert re.search(pattern, sources[name]), (name, pattern)


def test_the_grammar_finds_what_is_not_csharp():
    """A missing brace, a type of another language and a stray word are found."""
    for text in ("class A { void B( { } }", "class A { val b: Int = 1 }", "class A { int B() { return 1 1; } }"):
        assert errors(text), text


def errors(text: str) -> list[str]:
    """Return the lines at which a C# text is no C#."""
    found: list[Node] = [Parser(Language(tree_sitter_c_sharp.language())).parse(text.encode()).root_node]
    lines = []
    while found:
        node = found.pop()
        if node.is_error or node.is_missing:
            lines.append(f"line {node.start_point[0] + 1}: {node.text!r}")
        found += [child for child in node.children if child.has_error]
    return lines


@pytest.fixture
def target(world_file: Path, tmp_path: Path) -> Iterator[Service]:
    """Start a service with the fixtures' world, anew for each language: programs delete."""
    with Service(load(tmp_path / "service.db", world_file)) as running:
        yield running


def run(program: Built, url: str, world: World, sid: str, given: list[dict[str, Any]]) -> dict[str, Any]:
    """Run a program. Returns its output by step, and the cases that it was given together."""
    settings = {
        "BASE_URL": url,
        "ACCOUNT_SID": world.auth[0],
        "AUTH_TOKEN": world.auth[1],
        "SERVICE_SID": world.full["sid"],
        "BINDING_SID": sid,
        "PAGE_SIZE": str(PAGE_SIZE),
        "CASES": str(program.folder / "cases.json"),
    }
    (program.folder / "cases.json").write_text(json.dumps(given), encoding="utf-8")
    printed = [json.loads(line) for line in program.lines(**settings)]
    ran = {line.pop("case"): line for line in printed if line["step"] == "case" and line.pop("step")}
    return {line.pop("step"): line for line in printed if "step" in line} | {"cases": ran}


def sids_alone(printed: dict[str, Any], of_world: list[dict[str, Any]]) -> dict[str, Any]:
    """Reduce cases from the world to the SIDs: they determine the rest."""
    names = {case["case"] for case in of_world}
    cases = {
        name: [each["sid"] for each in case["bindings"]] if name in names else case
        for name, case in printed["cases"].items()
    }
    return printed | {"cases": cases}


def expected(url: str, world: World, sid: str, given: list[dict[str, Any]], later: dict[str, Any]) -> dict[str, Any]:
    """Return a program's output as the world determines it."""
    bindings = sorted(world.full["bindings"], key=lambda binding: binding["sid"])
    ordered = [binding["sid"] for binding in bindings]
    fetched = bindings[ordered.index(sid)]
    path = f"/v2/Services/{world.full['sid']}/Bindings/{sid}"
    base = f"{url}/v2/Services/{world.full['sid']}"
    not_found = error("not_found", message=f"The requested resource {path} was not found.")
    return {
        "cases": {case["case"]: cases.filtered(case, bindings) for case in given} | later,
        "walked": {"pages": [ordered[start : start + PAGE_SIZE] for start in range(0, len(ordered), PAGE_SIZE)]},
        "meta": {"page": 0, "page_size": PAGE_SIZE, "first": True, "key": "bindings"},
        "fetched": {
            "binding": {
                **{name: value for name, value in fetched.items() if name != "links"},
                "account_sid": world.a["sid"],
                "service_sid": world.full["sid"],
                "url": f"{base}/Bindings/{sid}",
                "user": f"{base}/Users/{USER}",
            }
        },
        "fetched again": not_found,
        "deleted again": not_found,
        "too large": error("page_size_too_large"),
        "unauthorized": error("unauthorized"),
    }


def error(name: str, **other: str) -> dict[str, Any]:
    """Return an error of the spec's examples, as programs print it."""
    value = document()["components"]["examples"][name]["value"]
    expected = {"http": value["status"], "code": value["code"], "message": value["message"], "info": value["more_info"]}
    return {**expected, "status": value["status"], **other}


@pytest.mark.parametrize("language", BUILT)
def test_programs(language, target: Service, world: World):
    """Built strictly, a program finds the world as it is, today's and a later service's, and so does the README's."""
    assert {each["identity"] for each in world.full["bindings"]} >= set(IDENTITIES)
    first, second = [each["sid"] for each in world.full["bindings"] if each["identity"] == USER][:2]
    program = build(language, address=target.url, service_sid=world.full["sid"], sid=second)
    assert program.warnings == listed_warnings(language, "compiler")
    given = cases.filters(world, IDENTITIES)
    output = run(program, target.url, world, first, given)
    assert sids_alone(output, given) == expected(target.url, world, first, given, {})
    of_later, canned, later = cases.later()
    with serving(cases.Later(world.document, canned)) as url:
        output = run(program, url, world, first, given + of_later)
        assert sids_alone(output, given) == expected(url, world, first, given, later)
    check_readme(program, world, second, first)


def check_readme(program: Built, world: World, sid: str, absent: str) -> None:
    """Check that the README's code lists all with a filter, fetches, deletes, and prints the 404 that follows."""
    lines = program.lines("readme", ACCOUNT_SID=world.auth[0], AUTH_TOKEN=world.auth[1])
    bindings = {each["sid"]: each for each in world.full["bindings"] if each["sid"] != absent}
    listed, (line, last) = "\n".join(lines[:-2]), lines[-2:]
    of_types = {sid for sid, each in bindings.items() if each["binding_type"] in {"apn", "fcm"}}
    assert len(of_types) > 50, "they fill several pages"
    assert {sid for sid in bindings if sid in listed} == of_types
    assert line.startswith(bindings[sid]["endpoint"])
    assert all(name in line for name in bindings[sid]["message_types"])
    assert last.startswith("404 20404 The requested resource")
