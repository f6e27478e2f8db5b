"""What every generated client is, whether or not it can be run here."""

import re
import subprocess
from pathlib import Path

import pytest
import tree_sitter_c_sharp
from tree_sitter import Language, Node, Parser

from chat_bindings.commands.client import LANGUAGES

from ...support.answers import document
from ...support.running import CLI, environment
from .toolchains import generated, readme_code

pytestmark = pytest.mark.slow

ALL = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in LANGUAGES]
LEFTOVERS = re.compile(
    r"GIT_USER_ID|team@openapitools|InlineResponse|ModelError|chat-bindings-client-\w{8}|/v1/Services|registration"
)
"""What a generator leaves where nobody told it better, names of a temporary folder, and what is not for clients."""


def tree(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("language", ALL)
def test_the_same_bytes_twice(language, tmp_path):
    """Generated again, elsewhere and in another time zone, a client is the same, byte for byte."""
    again = tmp_path / "a" / "client"
    command = [*CLI, "client", language, "-o", str(again)]
    subprocess.run(command, cwd=tmp_path, env=environment(TZ="Asia/Tokyo", LC_ALL="C"), check=True, capture_output=True)
    assert tree(again) == tree(generated(language).folder)


@pytest.mark.parametrize("language", ALL)
def test_a_package(language):
    """A client has the spec's version, and a README with its calls and paging; nothing is left of placeholders."""
    files = tree(generated(language).folder)
    texts = {name: content.decode() for name, content in files.items()}
    assert [name for name, text in texts.items() if LEFTOVERS.search(text)] == []
    assert not any(re.search(r"git_push|travis|appveyor|\.github", name) for name in texts)
    version = document()["info"]["version"]
    manifest = re.compile(
        r"(pyproject\.toml|package\.json|pom\.xml|\.csproj|composer\.json|version\.rb|Cargo\.toml|build\.gradle)$"
    )
    manifests = [text for name, text in texts.items() if manifest.search(name)]
    assert all(version in text for text in manifests)
    assert manifests or language == "go", "a Go module's version is its tag"
    assert f"version {version}" in texts["README.md"]
    for call in ("list_?bindings", "fetch_?binding", "delete_?binding", "PageToken"):
        assert re.search(call, readme_code(generated(language).folder), re.IGNORECASE), call


@pytest.mark.xdist_group("csharp")
def test_csharp_is_csharp():
    """No .NET is to be had here: each file of the C# client, and its README's code, is at least C# to its grammar."""
    folder = generated("csharp").folder
    sources = {path.name: path.read_text(encoding="utf-8-sig") for path in folder.rglob("*.cs")}
    assert len(sources) > 20
    for name, text in {**sources, "README.md": readme_code(folder)}.items():
        assert errors(text) == [], name


def test_the_grammar_finds_what_is_not_csharp():
    """A missing brace, a type of another language and a stray word are told."""
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
    "Api/BindingsApi.cs": [
        r"interface IBindingsApi",
        r"ListBindingsAsync\(string serviceSid, Option<List<BindingType>> bindingType = default",
        r"bindingType = default, Option<List<string>> identity = default, Option<int> pageSize = default",
        r"Task<IFetchBindingApiResponse> FetchBindingAsync\(string serviceSid, string sid",
        r"Task<IDeleteBindingApiResponse> DeleteBindingAsync\(string serviceSid, string sid",
        r"bool TryNotFound\(\[NotNullWhen\(true\)\]out ChatBindings\.Model\.Error\? result\)",
        r"bool TryUnauthorized\(\[NotNullWhen\(true\)\]out ChatBindings\.Model\.Error\? result\)",
    ],
    "Model/Binding.cs": [
        r"class Binding\b",
        r"DateTime DateCreated",
        r"BindingType BindingType",
        r"List<string> Messag",
    ],
    "Model/BindingType.cs": [r"enum BindingType", r"Apn = ", r"Gcm = ", r"Fcm = "],
    "Model/Error.cs": [r"class Error\b", r"int Code", r"string Message", r"string MoreInfo", r"int Status"],
    "Model/PageMeta.cs": [r"string\? NextPageUrl", r"string\? PreviousPageUrl", r"string FirstPageUrl"],
}


@pytest.mark.xdist_group("csharp")
def test_csharp_has_good_names_and_types():
    """In C#, filters are lists, nullable URLs nullable, times times, errors typed; unknown properties are skipped."""
    for name, patterns in CSHARP.items():
        text = (generated("csharp").folder / "src" / "ChatBindings" / name).read_text(encoding="utf-8-sig")
        for pattern in patterns:
            assert re.search(pattern, text), (name, pattern)
    binding = (generated("csharp").folder / "src/ChatBindings/Model/Binding.cs").read_text(encoding="utf-8-sig")
    assert re.search(r"default:\s+break;", binding), "what the reader of JSON does with an unknown property"
