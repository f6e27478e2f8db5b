"""Each correction is needed: without it, stock Connexion answers as its comment says. One that is not can go."""

import asyncio
import warnings
from functools import partial
from urllib.parse import urlencode

import httpx
import pytest

from ..conftest import load
from ..support.answers import operations

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # Connexion's own
    from connexion.uri_parsing import OpenAPIURIParser
    from connexion.validators import FormDataValidator, JSONRequestBodyValidator, ParameterValidator

    from chat_bindings.service.settings import Settings

    from .app import CORRECTED, create_app
    from .bodies import BODIES, OneMediaType, StrictForm
    from .paths import ExactPaths
    from .responses import EmptyAnswers

FORM, JSON = operations()["registerBinding"].spec["requestBody"]["content"]
DEVICE = {"Identity": "somebody", "Endpoint": "device", "BindingType": "apn", "CredentialSid": f"CR{'0' * 32}"}


class ShortForm(StrictForm):
    wrap_receive = FormDataValidator.wrap_receive

    def __init__(self, **options):
        FormDataValidator.__init__(self, **options)


def parsing(uri_parser=CORRECTED["uri_parser_class"], parameter=CORRECTED["validator_map"]["parameter"], **bodies):
    return {
        "uri_parser_class": uri_parser,
        "validator_map": {"parameter": parameter, "body": BODIES | bodies.get("body", {})},
    }


@pytest.fixture(scope="module")
def database(tmp_path_factory, world_file):
    return load(tmp_path_factory.mktemp("corrections") / "corrections.db", world_file)


@pytest.fixture
def ask(database, world):
    """Asks the composition, without a stage or with other parsing, in this process."""

    def ask(method, path, *, without=None, other=None, **request):
        app = create_app(Settings(f"sqlite:///{database}", log_level="error"), other)
        stages = app.middleware.middlewares
        stages[:] = [each for each in stages if not (isinstance(each, partial) and each.func is without)]
        return asyncio.run(_answer(app, world.auth, method, path, request))

    return ask


async def _answer(app, auth, method, path, request):
    events, told = asyncio.Queue(), asyncio.Queue()
    events.put_nowait({"type": "lifespan.startup"})
    running = asyncio.create_task(app({"type": "lifespan", "asgi": {}, "state": {}}, events.get, told.put))
    assert (await told.get())["type"] == "lifespan.startup.complete"
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://stock.example", auth=auth) as client:
        answer = await client.request(method, path, **request)
    events.put_nowait({"type": "lifespan.shutdown"})
    await running
    return answer


def path_of(operation: str, world, sid: int = 0) -> str:
    full = world.full
    return operations()[operation].path(ServiceSid=full["sid"], Sid=full["bindings"][sid]["sid"])


def test_paths_that_routing_takes_for_others(ask, world):
    """It redirects from a slash at the end, and takes an encoded slash for one between segments."""
    listed, binding = path_of("listBindings", world), path_of("fetchBinding", world)
    encoded = f"{listed}%2F{binding.rpartition('/')[2]}"
    assert [ask("GET", path).status_code for path in (f"{listed}/", encoded)] == [404, 404]
    assert ask("GET", f"{listed}/", without=ExactPaths).status_code == 307
    assert ask("GET", encoded, without=ExactPaths).status_code == 200


def test_a_query_that_is_split_and_coerced(ask, world):
    """Identities are split at commas; Python's integers are taken for the spec's; broken text is let by."""
    path = path_of("listBindings", world)
    stock = parsing(uri_parser=OpenAPIURIParser)
    bindings = [ask("GET", f"{path}?Identity=a,b", other=other).json()["bindings"] for other in (None, stock)]
    assert [{each["identity"] for each in found} for found in bindings] == [{"a,b"}, {"a", "b"} & names(world)]
    for size in ("1_0", "%201", "%D9%A1"):
        answers = [ask("GET", f"{path}?PageSize={size}", other=other).status_code for other in (None, stock)]
        assert answers == [400, 200]
    for text in ("%zz", "%FF"):
        other = parsing(parameter=ParameterValidator)
        assert [ask("GET", f"{path}?Identity={text}", other=each).status_code for each in (None, other)] == [400, 200]


def names(world) -> set[str]:
    return {binding["identity"] for binding in world.full["bindings"]}


def test_a_malformed_sid(ask, world):
    """A SID that is malformed is a 400 of Connexion's, and not one that does not exist."""
    path = path_of("listBindings", world).replace(world.full["sid"], "IS1")
    other = parsing(parameter=ParameterValidator)
    assert [ask("GET", path, other=each).status_code for each in (None, other)] == [404, 400]


def test_media_types(ask, world):
    """A type in capitals goes unchecked, and what a GET says of itself is parsed."""
    path, get = path_of("registerBinding", world), path_of("listBindings", world)
    unchecked = {"content": b'{"Identity": 1}', "headers": {"Content-Type": JSON.upper()}}
    multipart = {"headers": {"Content-Type": "multipart/form-data"}}
    nameless = {"content": urlencode(DEVICE).encode()}
    requests = [("POST", path, unchecked), ("GET", get, multipart), ("POST", path, nameless)]
    with_it, without = (
        [ask(method, url, without=stage, **request).status_code for method, url, request in requests]
        for stage in (None, OneMediaType)
    )
    assert with_it[:2] == [400, 200]
    assert with_it[2] in (200, 201)
    assert without == [500, 400, 500]


@pytest.mark.parametrize("content", [b"\xff", b"[" * 100_000, b'{"Identity": "\\ud800"}', b'{"Tag": NaN}'])
def test_what_is_no_json(ask, world, content):
    """What is no JSON is a fault of Connexion's, or passes its parser."""
    request = {"content": content, "headers": {"Content-Type": JSON}}
    ours, stock = (
        ask("POST", path_of("registerBinding", world), other=other, **request)
        for other in (None, parsing(body={JSON: JSONRequestBodyValidator}))
    )
    assert ours.json()["message"].startswith("The body is not JSON")
    assert stock.status_code == 500 or not stock.json()["message"].startswith("The body is not JSON")


@pytest.mark.parametrize(
    ("field", "kept"), [(b"%zz", "%zz"), (b"%FF", "\N{REPLACEMENT CHARACTER}"), ("é".encode(), "Ã©")]
)
def test_what_is_no_form(ask, world, field, kept):
    """Text that is broken, and text that is not encoded, is kept as something else."""
    content = urlencode(DEVICE | {"Endpoint": f"kept as {kept}"}).encode().replace(b"somebody", field)
    request = {"content": content, "headers": {"Content-Type": FORM}}
    ours, stock = (
        ask("POST", path_of("registerBinding", world), other=other, **request)
        for other in (None, parsing(body={FORM: FormDataValidator}))
    )
    assert ours.status_code == 400 or ours.json()["identity"] == field.decode()
    assert stock.json()["identity"] == kept


def test_a_body_without_a_length(ask, world):
    """A body in chunks is none for Connexion, which wants one."""

    async def chunks():
        yield urlencode(DEVICE).encode()

    for other, statuses in ((None, {200, 201}), (parsing(body={FORM: ShortForm}), {400})):
        request = {"content": chunks(), "headers": {"Content-Type": FORM}}
        assert ask("POST", path_of("registerBinding", world), other=other, **request).status_code in statuses


def test_a_204_with_a_type(ask, world):
    """A 204 has the media type of the errors."""
    given = [ask("DELETE", path_of("deleteBinding", world, number), without=stage)
             for number, stage in ((1, None), (2, EmptyAnswers))]  # fmt: skip
    assert [answer.status_code for answer in given] == [204, 204]
    assert ["content-type" in answer.headers for answer in given] == [False, True]
