"""Properties of every generated client, whether it can be run on this machine or not."""

import re
import subprocess
from pathlib import Path

import pytest
import tree_sitter_c_sharp
from tree_sitter import Language, Node, Parser

from chat_bindings.cli.client import LANGUAGES

from ...support.answers import document
from ...support.running import CLI, environment
from .toolchains import generated, listed_warnings, readme_code

pytestmark = pytest.mark.ci("generates all clients twice")

LEFTOVERS = re.compile(
    r"GIT_USER_ID|team@openapitools|InlineResponse|ModelError|chat-bindings-client-\w{8}|/v1/Services|registration"
)
"""Placeholders of generators, names of a temporary folder, and parts of the spec that are not for clients."""

MANIFEST = re.compile(
    r"(pyproject\.toml|package\.json|pom\.xml|\.csproj|composer\.json|version\.rb|Cargo\.toml|build\.gradle)$"
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_clients(language, tmp_path):
    """Generated twice, elsewhere and in another time zone, a client is the same package, with the listed warnings."""
    client, again = tmp_path / "client", tmp_path / "a" / "client"
    assert generated(language, client) == listed_warnings(language, "generator")
    command = [*CLI, "client", language, "-o", str(again)]
    subprocess.run(command, cwd=tmp_path, env=environment(TZ="Asia/Tokyo", LC_ALL="C"), check=True, capture_output=True)
    assert contents(again) == contents(client)
    check_package(client, language)
    if language == "csharp":
        check_csharp(client)


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def check_package(client: Path, language: str) -> None:
    """It has the spec's version, and a README with its calls and paging; nothing is left of placeholders."""
    texts = {name: content.decode("utf-8-sig") for name, content in contents(client).items()}
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
    """No .NET is to be had here: its files and its README's code are C# to the grammar, with good names and types."""
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
    """The lines at which a C# text is no C#."""
    found: list[Node] = [Parser(Language(tree_sitter_c_sharp.language())).parse(text.encode()).root_node]
    lines = []
    while found:
        node = found.pop()
        if node.is_error or node.is_missing:
            lines.append(f"line {node.start_point[0] + 1}: {node.text!r}")
        found += [child for child in node.children if child.has_error]
    return lines


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
