"""A private machine on which `https://chat.twilio.com` is our service, for the SDKs to run on."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12

from ..support.running import World
from .namespace import Namespace

HOST = "chat.twilio.com"
HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
BUILT = HERE.parents[1] / "build" / "sdks"
GO_PROGRAMS = BUILT / "go" / "programs"
GO_HELPERS = BUILT / "go" / "helpers.test"
JAVA_PROGRAMS = BUILT / "java"
CSHARP_PROGRAMS = BUILT / "csharp"
_INTERPRETERS = {".js": "node", ".py": "python", ".sh": "sh"}
QUICK_JAVA = ("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


class Authority:
    """A throw-away certificate authority, and its certificate for HOST."""

    def __init__(self, folder: Path) -> None:
        self.file, self.cert, self.key = (folder / name for name in ("authority.pem", "cert.pem", "key.pem"))
        self.java_file = folder / "authority.p12"
        authority = trustme.CA()
        issued = authority.issue_cert(HOST)
        authority.cert_pem.write_to_path(self.file)
        issued.cert_chain_pems[0].write_to_path(self.cert)
        issued.private_key_pem.write_to_path(self.key)
        trusted = pkcs12.PKCS12Certificate(x509.load_pem_x509_certificate(self.file.read_bytes()), b"authority")
        self.java_file.write_bytes(pkcs12.serialize_java_truststore([trusted], NoEncryption()))


class Machine:
    """Runs programs where our service runs as HOST.

    `credentials` are the variables from which a program takes them: `token`, that of account A, unless they are given;
    `wrong_token` is one that it does not have, `key` is its API key.
    """

    def __init__(self, namespace: Namespace, authority: Authority, world: World, home: Path) -> None:
        self.world = world
        self._namespace = namespace
        self._authority = authority
        self._home = home
        account = {"TWILIO_ACCOUNT_SID": world.auth[0]}
        self.token = account | {"TWILIO_AUTH_TOKEN": world.auth[1]}
        self.wrong_token = account | {"TWILIO_AUTH_TOKEN": 32 * "0"}
        self.key = account | {"TWILIO_API_KEY": world.key["sid"], "TWILIO_API_SECRET": world.key["secret"]}

    def run(
        self, *command: object, stdin: str | None = None, credentials: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end. Does not raise: check `returncode`, `stdout` and `stderr`."""
        return subprocess.run(
            [*self._namespace.enter, *map(str, command)],
            input=stdin,
            capture_output=True,
            check=False,
            timeout=60,
            encoding="utf-8",
            env=self._environment() | (credentials or self.token),
        )

    def output(self, *command: object, **options: Any) -> str:
        """Run a command, which must succeed, and return its output."""
        ended = self.run(*command, **options)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def program(self, language: str, name: str, *arguments: object, **options: Any) -> Any:
        """Run a program of `programs/`, and return its JSON."""
        return json.loads(self.output(*self._command(language, name), *arguments, **options))

    def sample(self, tool: str, name: str, service_sid: str, sid: str) -> subprocess.CompletedProcess[str]:
        """Run a file of `samples/` as it stands, with the SIDs filled in."""
        [file] = HERE.glob(f"samples/{tool}/{name}.*")
        filled = file.read_text().replace("IS" + 32 * "X", service_sid).replace("BS" + 32 * "X", sid)
        copy = self._home / file.name
        copy.write_text(filled)
        return self.run(_INTERPRETERS[file.suffix], copy)

    def cli(self, operation: str, service_sid: str, *flags: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run twilio-cli's command for an operation on Bindings, with its results as JSON."""
        command = f"api:chat:v2:services:bindings:{operation}"
        return self.run("twilio", command, "--service-sid", service_sid, *flags, "-o", "json", **options)

    def cli_json(self, operation: str, service_sid: str, *flags: str, **options: Any) -> Any:
        """Run a command of twilio-cli, which must succeed, and return its JSON."""
        ended = self.cli(operation, service_sid, *flags, **options)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return json.loads(ended.stdout)

    def curl(self, url: str, *arguments: str) -> Any:
        """Run curl for account A, and return the JSON. `arguments` are curl's own."""
        return json.loads(self.output("curl", "-sS", url, "-u", ":".join(self.world.auth), *arguments))

    def _command(self, language: str, name: str) -> list[object]:
        if language == "go":
            return [GO_PROGRAMS, name]
        if language == "java":
            trust = f"-Djavax.net.ssl.trustStore={self._authority.java_file}"
            classes = os.pathsep.join([f"{JAVA_PROGRAMS}/classes", f"{JAVA_PROGRAMS}/dependency/*"])
            return [*QUICK_JAVA, trust, "-cp", classes, name.capitalize()]
        if language == "csharp":
            return ["dotnet", CSHARP_PROGRAMS / "bin" / "Programs.dll", name]
        if language == "python":
            return ["python", HERE / "programs" / "python" / "program.py", name]
        return ["node", HERE / "programs" / "node" / f"{name}.js"]

    def _environment(self) -> dict[str, str]:
        # nothing of the user's own: no proxy, profile or curlrc has a say
        authority = str(self._authority.file)
        return {
            "PATH": os.pathsep.join([str(MODULES / ".bin"), str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(self._home),
            "LANG": "C.UTF-8",
            "NODE_PATH": str(MODULES),
            "NODE_EXTRA_CA_CERTS": authority,
            "REQUESTS_CA_BUNDLE": authority,
            "CURL_CA_BUNDLE": authority,
            "SSL_CERT_FILE": authority,
            "TWILIO_DISABLE_AUTOUPDATE": "true",  # it would leave a process behind that looks for a newer one
            "TWILIO_SKIP_NEW_VERSION_CHECK": "true",
        }
