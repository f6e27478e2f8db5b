"""Toolchains by language: they build the programs of `programs/` on the generated clients, and run them."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from ...support.running import environment, run_cli

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
BUILD = ROOT / "build" / "clients"
"""A folder for each language: the generated `client/`, a copy of the `program/`, and what is built of them."""

_QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Java that runs for seconds is done sooner without its second compiler."""
_PIP = "{python} -m pip --python venv/bin/python --disable-pip-version-check"
_MAVEN = "flock ../../maven.lock mvn -B -ntp"
"""Maven under a lock: two runs at a time may spoil each other's downloads."""
_JAVA = f"java {_QUICK_START}"
_STRICT_JAVA = "-Xlint:all -Werror -proc:none --release 17"
_JAVA_CLIENT = "client/target/classes:client/target/lib/*"
_KOTLIN_PROGRAM = "program/target/classes:program/target/dependency/*"

PLACES = {"address": "http://127.0.0.1:8000", "service_sid": f"IS{'a' * 32}", "sid": f"BS{'a' * 32}"}
"""The server's address and SIDs in READMEs."""


@dataclass(frozen=True)
class Toolchain:
    """A language's commands, in order.

    Each runs in its folder of the language's build folder; of these words {python} is the tests' own interpreter,
    {root} the repository, {name} `program` or `readme`, {Name} the same as a title. `readme` is the file that the code
    of the client's README becomes, beside the program. What `warns` finds in the output of a command is a warning, and
    must be listed in warnings.yaml.
    """

    needs: tuple[str, ...]
    build: tuple[tuple[str, str], ...]
    run: str
    readme: str
    warns: str = r"(?i)\bwarning\b.*"


TOOLCHAINS = {
    "python": Toolchain(
        needs=(),
        build=(
            (".", "{python} -m venv --clear --without-pip venv"),
            (".", f"{_PIP} install --quiet --no-compile -c {{root}}/constraints.txt client/"),
            ("program", "{python} -m mypy --strict --python-executable ../venv/bin/python program.py readme.py"),
        ),
        run="venv/bin/python -W error program/{name}.py",
        readme="readme.py",
    ),
    "typescript-fetch": Toolchain(
        needs=("npm",),
        build=(
            ("program", "npm install --no-package-lock --no-audit --no-fund --no-progress --ignore-scripts"),
            ("client", "../program/node_modules/.bin/tsc --strict"),
            ("program", "node_modules/.bin/tsc"),
        ),
        run="node program/{name}.js",
        readme="readme.ts",
    ),
    "go": Toolchain(
        needs=("go",),
        build=(
            ("client", "go vet ./..."),
            ("program", "go vet ./..."),
            ("program", "go build -o ../bin/ ./..."),
        ),
        run="bin/{name}",
        readme="readme/main.go",
    ),
    "rust": Toolchain(
        needs=("cargo",),
        build=(("program", "cargo build --quiet --target-dir ../target"),),
        run="target/debug/{name}",
        readme="src/bin/readme.rs",
    ),
    "java": Toolchain(
        needs=("flock", "mvn", "javac"),
        build=(
            (
                "client",
                f"{_MAVEN} package -Dmaven.test.skip=true -Dmaven.javadoc.skip=true -Dmaven.source.skip=true",
            ),
            (".", f"javac {_STRICT_JAVA} -cp {_JAVA_CLIENT} -d built program/Program.java program/Readme.java"),
        ),
        run=f"{_JAVA} -cp built:{_JAVA_CLIENT} {{Name}}",
        readme="Readme.java",
        warns=r"\[WARNING\] .*\.java.*",
    ),
    "kotlin": Toolchain(
        needs=("flock", "mvn", "javac"),
        build=(("program", f"{_MAVEN} compile"),),
        run=f"{_JAVA} -cp {_KOTLIN_PROGRAM} {{Name}}Kt",
        readme="src/Readme.kt",
        warns=r"\[WARNING\] \S+\.kt:\S+ (.*)",
    ),
    "csharp": Toolchain(
        needs=("dotnet",),
        build=(
            ("program", "dotnet build --nologo -p:Main=Program.cs -o ../bin/program"),
            ("program", "dotnet build --nologo -p:Main=Readme.cs -o ../bin/readme"),
        ),
        run="dotnet bin/{name}/{Name}.dll",
        readme="Readme.cs",
        warns=r"warning [A-Z]+[0-9]+: .*",
    ),
    "php": Toolchain(
        needs=("php", "guzzle"),
        build=((".", "find client/lib program -name *.php -exec php -l {{}} ;"),),
        run="php -d auto_prepend_file=program/strict.php -d zend.assertions=1 program/{name}.php",
        readme="readme.php",
        warns=r"(?mi)^(?:PHP )?(?:errors parsing|parse error|fatal error|warning|deprecated|notice)\b.*",
    ),
    "ruby": Toolchain(
        needs=("ruby", "typhoeus"),
        build=(
            (".", "find client/lib program -name *.rb -exec ruby -wc {{}} ;"),
            (".", "ruby -w -I client/lib -r chat_bindings_client -e exit"),
        ),
        run="ruby -w -I client/lib program/{name}.rb",
        readme="readme.rb",
        warns=r"method redefined|(?<=warning: )(?!method redefined).*|.*syntax error.*",
    ),
}


@dataclass(frozen=True)
class Built:
    """A program that is ready to run, and the warnings of its build."""

    language: str
    warnings: set[str]

    @property
    def folder(self) -> Path:
        return BUILD / self.language

    def lines(self, name: str = "program", **settings: str) -> list[str]:
        """Run the program, or `readme`, which must succeed, and return its lines.

        `readme` is the code of the client's README, with its `PLACES` as they are set.
        """
        ended = _run(words(TOOLCHAINS[self.language].run, name), self.folder, **settings)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout.removesuffix("\n").split("\n")  # other separators of lines stand in the texts themselves


@cache
def generate(language: str) -> tuple[Path, set[str]]:
    """Generate a client into its build folder, once a process. Returns it and the generator's warnings."""
    client = BUILD / language / "client"
    shutil.rmtree(client, ignore_errors=True)
    done = run_cli("client", language, "-o", client)
    assert done.returncode == 0, done.stderr
    return client, set(re.findall(r"^Warning: (.*)$", done.stderr, re.MULTILINE))


def build(language: str, **places: str) -> Built:
    """Build a client's program, and its README's, with what compilers keep from an earlier run.

    `places` are what stands in the README for another server: see `PLACES`.
    """
    folder = BUILD / language
    client, _ = generate(language)
    shutil.copytree(HERE / "programs" / language, folder / "program", dirs_exist_ok=True)
    toolchain = TOOLCHAINS[language]
    readme = folder / "program" / toolchain.readme
    readme.parent.mkdir(parents=True, exist_ok=True)
    readme.write_text(readme_code(client, **places), encoding="utf-8")
    warnings = set()
    for where, command in toolchain.build:
        ended = _run(words(command), folder / where)
        assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"
        warnings |= set(re.findall(toolchain.warns, ended.stdout + ended.stderr))
    return Built(language, warnings)


def readme_code(client: Path, **places: str) -> str:
    """Return the code of a client's README."""
    (code,) = re.findall(
        r"^```\w+\n(.*?)^```", (client / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    for name, place in places.items():
        assert PLACES[name] in code
        code = code.replace(PLACES[name], place)
    return code


def listed_warnings(language: str, tool: str) -> set[str]:
    """Return the warnings of the `generator` or the `compiler` that warnings.yaml gives a reason for."""
    listed = yaml.safe_load((HERE / "warnings.yaml").read_text(encoding="utf-8"))
    return set(listed.get(language, {}).get(tool, {}))


def words(command: str, name: str = "") -> list[str]:
    return [word.format(python=sys.executable, root=ROOT, name=name, Name=name.title()) for word in command.split()]


def _run(command: list[str], folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    env = environment(LC_ALL="C.UTF-8", MAVEN_OPTS=_QUICK_START, **settings)
    program = folder / command[0]
    if os.sep in command[0] and program.exists():
        command = [str(program), *command[1:]]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False, timeout=900, encoding="utf-8")
