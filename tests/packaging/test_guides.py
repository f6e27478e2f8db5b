"""The guides on running the service, their commands run as shown."""

import json
import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from chat_bindings.cli import cli
from chat_bindings.site.guides import NAMES

from ..support.commands import walk
from ..support.consoles import Step, blocks, check, steps
from ..support.running import run_cli
from ..support.worlds import account, binding

FOLDER = Path(__file__).parents[2] / "openapi" / "guides"

ACCOUNT, SERVICE, TOKEN = f"AC{'a' * 32}", f"IS{'a' * 32}", "a" * 32

pytestmark = pytest.mark.usefixtures("unmeasured")  # other tests run all of these commands

guides = pytest.mark.parametrize("name", NAMES)


def guide(name: str) -> Path:
    return FOLDER / f"{name}.md"


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    """Write a world of one service with two devices of a user, and one of another."""
    identities = enumerate(["TestUser", "somebody else", "TestUser"])
    bindings = [binding(number, endpoint=f"{who}-endpoint-{number}", identity=who) for number, who in identities]
    services = [{"sid": SERVICE, "bindings": bindings}]
    path = tmp_path_factory.mktemp("world") / "world.json"
    path.write_text(json.dumps({"accounts": [account(0, sid=ACCOUNT, auth_token=TOKEN, services=services)]}))
    return path


@pytest.mark.needs("curl")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.ci("the README types the same")] if name in ("clients", "verify") else [])
        for name in NAMES
        if steps(FOLDER / f"{name}.md")
    ],
)
def test_the_commands_of_a_guide_print_what_it_shows(tmp_path, world, name):
    """The commands of a guide print the shown output, one after the other, where a service runs on a database."""
    database = "sqlite:///served.db"
    assert run_cli("import", world, "--database", database, cwd=tmp_path).returncode == 0
    typed = steps(guide(name))
    serve = Step("chat-bindings serve 2> serve.log &", [])
    check([serve, *typed], tmp_path, CHAT_BINDINGS_DATABASE=database, TOKEN=TOKEN)


@pytest.mark.needs("curl")
def test_the_commands_of_the_guide_on_postgresql_print_what_it_shows(tmp_path, postgres):
    """The guide's commands print the shown output on a real PostgreSQL."""
    typed = steps(guide("postgresql"), "console postgresql")
    assert len(typed) > 5
    address = postgres.url(postgres.create_database())
    shown = "postgresql://chat@db.example.com/chat"
    check(
        [Step(step.command.replace(shown, address), [line.replace(shown, address) for line in step.output])
         for step in typed],
        tmp_path,
    )  # fmt: skip


def options(command: click.Command) -> set[str]:
    options = [each for each in command.params if isinstance(each, click.Option)]
    return {"--help", *(name for each in options for name in (*each.opts, *each.secondary_opts))}


def misspelt(words: list[str]) -> str:
    """Return the parts of a command line that no command of ours takes; empty when all is well."""
    command: click.Command = cli
    context = click.Context(cli)
    for word in words:
        if word.startswith("-") and word != "-" and word not in options(command):
            return word
        if isinstance(command, click.Group) and not word.startswith("-"):
            found = command.get_command(context, word)
            if found is None:
                return word
            command = found
    return ""


def command_lines(text: str) -> list[list[str]]:
    """Return the arguments of our command in a text: lists of words, without the shell's own syntax."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("#"):
            continue
        for part in re.split(r"[|;&>]|\$\(", line):
            words = shlex.split(part)
            places = [
                place
                for place, word in enumerate(words)
                if word.endswith("/bin/chat-bindings")
                or (word == "chat-bindings" and (not place or words[1] == "exec"))
            ]
            if places and len(words) > places[-1] + 1:
                found.append(words[places[-1] + 1 :])
    return found


@guides
def test_commands_that_are_not_run_exist(name):
    """Commands that need root, another machine or another version, and variables in files, are ones that there are."""
    shown = [text for language in ("sh", "ini", "dockerfile") for text in blocks(guide(name), language)]
    for text in shown:
        for words in command_lines(re.sub("['\"]", " ", text)):
            assert misspelt(words) == "", words
    known = {"CHAT_BINDINGS_CONTROL_TOKEN", "CHAT_BINDINGS_DEMO_TOKEN"}  # secrets are no options: ps would show them
    known |= {each.envvar for _, command in walk() for each in command.params if isinstance(each, click.Option)}
    assert set(re.findall(r"CHAT_BINDINGS_\w+", guide(name).read_text(encoding="utf-8"))) <= known


def test_manifests_type_what_there_is():
    """compose.yaml and the Kubernetes manifest are YAML, start the image with options that there are, and probe it."""
    compose, manifest = blocks(guide("deploy"), "yaml")
    service = yaml.safe_load(compose)["services"]["chat-bindings"]
    stateful, network = yaml.safe_load_all(manifest)
    pod = stateful["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    for words in (service["command"], container["args"], service["healthcheck"]["test"][2:]):
        assert misspelt(words) == "", words
    assert pod["enableServiceLinks"] is False
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    ports = {port["name"] for port in container["ports"]}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["port"] in ports
    assert {port["targetPort"] for port in network["spec"]["ports"]} <= ports
    assert network["spec"]["selector"] == stateful["spec"]["template"]["metadata"]["labels"]


def test_misspelt_commands_are_found():
    """The check finds an option and a command that are none."""
    assert command_lines("sudo -u x /opt/bin/chat-bindings backup --out b | cat") == [["backup", "--out", "b"]]
    assert misspelt(["backup", "--out", "b"]) == "--out"
    assert misspelt(["account", "rotate"]) == "rotate"
    assert misspelt(["account", "rotate-token", "AC1"]) == ""
