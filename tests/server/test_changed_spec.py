"""A changed spec is served as it stands: a parameter or an operation needs its YAML and its handler alone.

The package is copied, its spec gets two parameters and an operation and its handlers a function for each, as whoever
develops it would write them, and the copy is served. No stage knows of any of it.
"""

import json
import shutil
import textwrap
from pathlib import Path

import pytest
import yaml

import chat_bindings

from ..support import raw
from ..support.answers import errors
from .conftest import Asker

FOLDER = Path(chat_bindings.__file__).parent
SPECS = Path(__file__).parents[2] / "openapi"

DEPTH = {"name": "Depth", "in": "query", "x-errors": {"maximum": "page_size_too_large"},
         "schema": {"type": "integer", "minimum": 2, "maximum": 9, "default": 3}}  # fmt: skip
TAG = {"name": "Tag", "in": "query",
       "schema": {"type": "array", "maxItems": 2, "items": {"type": "string", "pattern": "^[a-z,]+$",
                                                            "x-rule": "hold small letters and commas"}}}  # fmt: skip
COLOUR = {"name": "Colour", "in": "path", "required": True, "schema": {"type": "string", "enum": ["red", "blue"]}}
PAINT = {
    "operationId": "paint",
    "parameters": [COLOUR, DEPTH],
    "requestBody": {"required": True, "content": {"application/json": {"schema": {
        "type": "object", "required": ["Coats"], "properties": {"Coats": {"type": "integer", "maximum": 5}}}}}},
    "responses": {"200": {"description": "Painted.", "content": {"application/json": {"schema": {"type": "object"}}}}},
}  # fmt: skip

HANDLERS = """
    async def list_bindings(service_sid, *, depth, tag=(), page_size, page, account_sid, storage, origin):
        return {"service_sid": service_sid, "depth": depth, "tag": tag, "page_size": page_size, "who": account_sid}

    async def paint(service_sid, colour, *, depth, body, account_sid):
        return {"service_sid": service_sid, "colour": colour, "depth": depth, "body": body, "who": account_sid}
"""


@pytest.fixture(scope="module")
def ask(tmp_path_factory, unmeasured, serve, world):
    """Serve a copy with additions to spec and handlers. Coverage would take it for a package of its own."""
    folder = tmp_path_factory.mktemp("changed")
    package = folder / "chat_bindings"
    shutil.copytree(FOLDER, package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(SPECS, package / "openapi", ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    spec = yaml.safe_load((package / "openapi" / "bindings.yaml").read_text(encoding="utf-8"))
    path = next(path for path, item in spec["paths"].items() if "{Sid}" not in path)
    spec["paths"][path]["get"]["parameters"] += [DEPTH, TAG]
    spec["paths"][f"{path}/{{Colour}}/Paint"] = {"parameters": spec["paths"][path]["parameters"], "put": PAINT}
    (package / "openapi" / "bindings.yaml").write_text(yaml.safe_dump(spec), encoding="utf-8")
    with (package / "bindings.py").open("a", encoding="utf-8") as handlers:
        handlers.write(textwrap.dedent(HANDLERS))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", str(folder))
        yield Asker(serve(), world)


def paint(ask, colour="red", query="", body=b'{"Coats": 1}', **options):
    path = f"{ask.path('listBindings')}/{colour}/Paint"
    headers = [("Content-Type", "application/json")]
    return ask("listBindings", query, path=path, headers=headers, **{"method": "PUT", "body": body} | options)


def body_of(response) -> dict[str, object]:
    return json.loads(response.content)


def check_refused(response, name: str, *words: str) -> None:
    """Check the error of a name, whose message holds some words."""
    value = errors()[name]["value"]
    error = body_of(response)
    assert (response.status, error["code"]) == (value["status"], value["code"]), error
    assert all(word in error["message"] for word in words), error


def test_a_parameter_is_handed_to_the_function(ask, world):
    """Parameters that were added come parsed by their schemas: numbers, each value of a list, defaults."""
    base = {"service_sid": world.full["sid"], "page_size": 50, "who": world.a["sid"]}
    assert body_of(ask("listBindings")) == base | {"depth": 3, "tag": []}
    assert body_of(ask("listBindings", "Tag=a,b&Depth=x&Depth=07&Tag=c")) == base | {"depth": 7, "tag": ["a,b", "c"]}


def test_a_parameter_is_checked(ask):
    """Each rule of their schemas holds, with the words and the error that the spec has for it."""
    check_refused(ask("listBindings", "Depth=1"), "invalid_parameter", "Depth", "2")
    check_refused(ask("listBindings", "Depth=1_0"), "invalid_parameter", "Depth")
    check_refused(ask("listBindings", "Depth=10"), "page_size_too_large")
    check_refused(ask("listBindings", "Tag=A"), "invalid_parameter", "Tag", TAG["schema"]["items"]["x-rule"])
    check_refused(ask("listBindings", "Tag=a&Tag=b&Tag=c"), "invalid_parameter", "Tag", "2")
    check_refused(ask("listBindings", "depth=3"), "unknown_parameter", "PageToken, Depth, Tag")
    check_refused(ask("fetchBinding", "Depth=3"), "unknown_parameter")


def test_an_operation_is_served(ask, world):
    """An operation that was added is routed, and its path, query and body are checked and handed on."""
    expected = {"service_sid": world.full["sid"], "colour": "blue", "depth": 4, "body": {"Coats": 2, "Rest": "é"},
                "who": world.a["sid"]}  # fmt: skip
    assert body_of(paint(ask, "blue", "Depth=4", '{"Coats": 2, "Rest": "é"}'.encode())) == expected
    check_refused(paint(ask, "green"), "not_found")
    check_refused(paint(ask, query="Depth=1"), "invalid_parameter", "Depth")
    check_refused(paint(ask, query="Tag=a"), "unknown_parameter", "Depth")
    check_refused(paint(ask, body=b'{"Coats": 6}'), "invalid_parameter", "Coats", "5")
    check_refused(paint(ask, body=b"{}"), "invalid_parameter", "Coats", "required")
    check_refused(paint(ask, body=b"{"), "invalid_body")


def test_an_operation_is_guarded(ask, world):
    """It requires the credentials of the spec, and its path has the right `Allow`."""
    check_refused(paint(ask, auth=None), "unauthorized")
    check_refused(paint(ask, auth=raw.basic(world.a["sid"], "wrong")), "unauthorized")
    response = paint(ask, method="GET", body=None)
    check_refused(response, "method_not_allowed")
    assert set(response.header("Allow").split(", ")) == {"PUT", "OPTIONS"}
    preflight = ask("listBindings", path=f"{ask.path('listBindings')}/red/Paint", method="OPTIONS", auth=None,
                    headers=[("Origin", "null"), ("Access-Control-Request-Method", "PUT")])  # fmt: skip
    assert set(preflight.header("Access-Control-Allow-Methods").split(", ")) == {"PUT", "OPTIONS"}
