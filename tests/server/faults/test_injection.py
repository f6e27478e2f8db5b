"""`serve --faults`: requests that fail by their own `Prefer` or by rules, on the real service."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ...support import raw
from ...support.answers import check_documented, check_error, check_id, errors, operations
from ...support.running import Service, World, cli_error, wait_until
from ..conftest import Asker, registration

WISHES = ["code=429, retry-after=9", "delay=5", "drop=request", "malformed"]
SUCCESS = {"listBindings": 200, "fetchBinding": 200, "registerBinding": 201, "deleteBinding": 204}


@pytest.fixture(scope="module")
def own_sids(world: World) -> Iterator[str]:
    """Yield Bindings of the full service, from the last: each test takes its own."""
    return (binding["sid"] for binding in reversed(world.full["bindings"]))


@pytest.fixture(scope="module")
def rules_file(tmp_path_factory, world) -> Path:
    """Write a rule for each Binding of the service of a hundred, in its order; and one for its list."""
    each = [
        {"first": 2, "code": 503, "retry_after": 4},
        {"every": 3, "code": 404},
        {"probability": 0.5, "code": 500},
        {"every": 2, "first": 4, "drop": "request"},
        {"delay": 0.2, "jitter": 0.2},
        {"code": 401},
    ]
    rules = [{"operation": "listBindings", "sids": [world.hundred["sid"]], "code": 429}]
    for binding, rule in zip(world.hundred["bindings"], each, strict=False):
        rules.append({"operation": "fetchBinding", "sids": [binding["sid"]], **rule})
    file = tmp_path_factory.mktemp("rules") / "rules.yaml"
    file.write_text(json.dumps({"seed": 3, "rules": rules}), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def faulty(serve, rules_file) -> Service:
    """Start a service with rules, of one worker."""
    service = serve("--faults", "--fault-rules", rules_file)
    service.wait_for_workers(1)
    return service


@pytest.fixture
def ask_faulty(faulty: Service, world: World) -> Asker:
    return Asker(faulty, world)


@pytest.fixture
def wish(ask_faulty: Asker):
    """Return a function that sends requests with a `Prefer`."""
    return lambda operation, prefer, **others: ask_faulty(operation, headers=[("Prefer", prefer)], **others)


def fails(asked) -> bool:
    """Tell whether a connection is closed before a response is whole."""
    try:
        asked()
    except (AssertionError, ValueError, OSError):  # what `raw` says of no answer, of one that is cut off, of no reader
        return True
    return False


@pytest.mark.parametrize("prefer", WISHES)
def test_without_the_setting_no_request_fails(ask, world, own_sids, prefer):
    """A service that was started without --faults does what it always does, whatever a request prefers."""
    for operation, status in SUCCESS.items():
        sent = {"body": registration(endpoint=prefer)} if operation == "registerBinding" else {"sid": next(own_sids)}
        response = ask(operation, headers=[("Prefer", prefer)], **sent)
        assert response.status == status
        check_documented(response, operation)
        assert not response.all("Preference-Applied")
        assert not response.all("Vary")


def test_faults_are_logged_at_the_start(faulty, service):
    """A service with faults logs a warning that they are on, and each rule; another logs nothing of them."""
    lines = [line.partition(" WARNING ")[2] for line in faulty.log.splitlines() if " WARNING " in line]
    assert lines[0].startswith("FAULTS ARE ON")
    assert lines[2].strip().startswith("rule 1: fetchBinding, sids ")
    assert lines[2].endswith("first 2: code 503, retry_after 4")
    assert "FAULTS" not in service.log


EXAMPLES = [
    (name, int(status), example)
    for name, operation in operations().items()
    for status, response in operation.spec["responses"].items()
    if status >= "400"
    for example in response["content"]["application/json"]["examples"]
]


@pytest.mark.parametrize(("operation", "status", "example"), EXAMPLES)
def test_every_error_of_the_spec_can_be_had(wish, operation, status, example):
    """Each documented error of an operation can be requested, and comes as documented."""
    asked = f"code={status}, example={example}"
    response = wish(operation, asked)
    body = check_documented(response, operation)
    documented = operations()[operation].spec["responses"][str(status)]
    value = documented["content"]["application/json"]["examples"][example]["value"]
    assert response.status == status
    assert {**body, "message": ""} == {**value, "message": ""}
    if status == 404:
        assert "requested resource /" in body["message"]
        assert "bbbbbbbb" not in body["message"]  # it is the path of the request, not that of the example
    else:
        assert body["message"] == value["message"]
    for name, header in documented["headers"].items():
        if header.get("required") and name != "Twilio-Request-Id":
            assert response.header(name) == str(header["example"])
    assert (response.header("Preference-Applied"), response.header("Vary")) == (asked, "Prefer")


def test_an_injected_error_carries_out_nothing(wish, own_sids):
    """A DELETE or a registration that is made to fail changes nothing, and the same request works afterwards."""
    sid, body = next(own_sids), registration(endpoint="never")
    for prefer, deleted, registered in (("code=503", 503, 503), ("", 204, 201)):
        assert wish("deleteBinding", prefer, sid=sid).status == deleted
        assert wish("registerBinding", prefer, body=body).status == registered


CODES = "must be one of 400, 401, 404, 405, 429, 500, 503, which fetchBinding has"


@pytest.mark.parametrize(
    ("prefer", "parameter", "sentence"),
    [
        ("code=418", "The preference code", CODES),
        ("code=\u0664\u0662\u0669".encode(), "Prefer", "must be a list of preferences, such as wait=10"),
        ("code=-429", "The preference code", "must be a whole number"),
        ("delay=1e1", "The preference delay", "must be a number"),
        ("malformed=maybe", "The preference malformed", "must be true or false"),
        ("code=400, example=x", "The preference example",
         "must be one of unknown_parameter, malformed_request, which fetchBinding has for 400"),
        ("code=500, retry-after=1", "The preference retry-after", "must go with one of 429, 503, which say when"),
        ("jitter=1", "Prefer", "must hold delay"),
        ("code 429", "Prefer", "must be a list of preferences, such as wait=10"),
    ],
)  # fmt: skip
def test_a_wish_that_cannot_be_had_is_a_400_that_says_what_can(wish, prefer, parameter, sentence):
    """No wish is ignored that is known and cannot be had: a test would wait for an error that never comes."""
    response = wish("fetchBinding", prefer)
    check_error(response, "invalid_parameter", "fetchBinding", parameter=parameter, rule=sentence)
    assert response.header("Vary") == "Prefer"


@pytest.mark.parametrize(
    ("headers", "status", "applied"),
    [
        (["code=400"], 400, "code=400"),
        (['Code = "429" ; why="x,y"', "code=500"], 429, "code=429"),
        (["respond-async, wait=10", "foo=bar;code=500, code=429"], 429, "code=429"),
        (["retry-after=17", "code=429"], 429, "code=429, retry-after=17"),
        (["delay=0.4"], 200, "delay=0.4"),
        (["return=minimal, wait=5, faults=on, codes=429"], 200, None),
    ],
)
def test_known_preferences_are_applied_and_reported(ask_faulty, headers, status, applied):
    """Unknown ones are ignored; without `example` the first of a status comes, and a delay is waited."""
    began = time.monotonic()
    response = ask_faulty("listBindings", headers=[("Prefer", header) for header in headers])
    assert (response.status, response.header("Vary")) == (status, "Prefer")
    assert sorted((response.header("Preference-Applied") or "").split(", ")) == sorted((applied or "").split(", "))
    if applied == "code=400":
        first = next(example for name, code, example in EXAMPLES if (name, code) == ("listBindings", 400))
        assert json.loads(response.content)["message"] == errors()[first]["value"]["message"]
    assert "retry-after=17" not in str(applied) or response.header("Retry-After") == "17"
    assert applied != "delay=0.4" or time.monotonic() - began >= 0.4


def test_authentication_comes_first(ask_faulty, world):
    """Without credentials no fault can be requested, and no response reveals that some could."""
    failing = {"sid": world.hundred["bindings"][0]["sid"], "service_sid": world.hundred["sid"]}
    for auth in (None, raw.basic(world.a["sid"], "wrong")):
        for prefer in ("drop=request", "delay=9", "code=418", "code 1"):
            response = ask_faulty("fetchBinding", headers=[("Prefer", prefer)], auth=auth, **failing)
            check_error(response, "unauthorized", "fetchBinding")
            assert not response.all("Vary")


def test_requests_and_answers_can_be_lost(faulty, wish, own_sids):
    """`drop=request` closes the connection before anything is done, `drop=answer` after it; the log has the status."""
    sid, body = next(own_sids), registration(endpoint="lost")
    assert fails(lambda: wish("registerBinding", "drop=request", body=registration(filler="x" * 500_000)))
    assert fails(lambda: wish("deleteBinding", "drop=request", sid=sid))
    assert fails(lambda: wish("deleteBinding", "drop=answer", sid=sid))
    check_error(wish("deleteBinding", "", sid=sid), "not_found", "deleteBinding")
    assert fails(lambda: wish("registerBinding", "drop=answer", body=body))
    assert wish("registerBinding", "", body=body).status == 200  # updated: it was there

    def logged() -> list[str]:
        lines = [line.partition("deleteBinding ")[2] for line in faulty.log.splitlines() if sid in line]
        return [line.split()[0] for line in lines]

    assert wait_until(lambda: logged() == ["0", "204", "404"], 60)  # the client notices before the log is written


def test_an_answer_can_break_off(ask_faulty, wish):
    """`drop=body` closes the connection in the middle of the body; an answer without one does not come at all."""
    with raw.connect(ask_faulty.url) as connection:
        connection.sendall(ask_faulty.compose("listBindings", ("Prefer", "drop=body, code=500")))
        head, _, body = raw.received(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 500")
    length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length: "))
    assert 0 < len(body) == int(length.partition(b": ")[2]) // 2
    assert fails(lambda: wish("deleteBinding", "drop=body", sid=f"BS{'0' * 32}"))


def test_json_can_be_broken(wish, own_sids):
    """`malformed` cuts the JSON, and HTTP is as it should be; an answer without a body is as ever."""
    response = wish("fetchBinding", "malformed")
    assert response.status == 200
    assert response.content.startswith(b'{"sid":"BS')
    with pytest.raises(json.JSONDecodeError):
        json.loads(response.content)
    assert wish("deleteBinding", "malformed", sid=next(own_sids)).status == 204


def test_a_connection_goes_on_after_an_error(ask_faulty):
    """After an injected error the next request on the connection is answered, with any body before it."""
    body = b"Identity=".ljust(100_000, b"x") + b"&" + registration()  # of a property that is sent twice the last counts
    with raw.connect(ask_faulty.url) as connection:
        for headers, status in ([("Prefer", "code=503")], 503), ([], 201):
            assert raw.one(connection, ask_faulty.compose("registerBinding", *headers, body=body)).status == status


def test_requests_behind_a_dropped_one_are_not_carried_out(ask_faulty, own_sids):
    """A request that waits on the connection behind one that is dropped is lost with it."""
    sid = next(own_sids)
    dropped = ask_faulty.compose("listBindings", ("Prefer", "drop=request"))
    with raw.connect(ask_faulty.url) as connection:
        connection.sendall(dropped + ask_faulty.compose("deleteBinding", sid=sid))
        assert raw.received(connection) == b""
    assert ask_faulty("fetchBinding", sid=sid).status == 200


def statuses(service: Service, world: World, index: int, count: int) -> list[int]:
    """Return the statuses of so many fetches of the Binding of a rule's index; 0 is no response."""
    ask = Asker(service, world)
    asked = {"service_sid": world.hundred["sid"], "sid": world.hundred["bindings"][index]["sid"]}
    found = []
    for _ in range(count):
        try:
            response = ask("fetchBinding", **asked)
            check_id(response)
            found.append(response.status)
        except ValueError:
            found.append(0)
    return found


def test_rules_take_what_they_say(faulty, ask_faulty, world):
    """The first so many, each third, each second of the first four: counted by rule, with the answers of the spec."""
    ask = ask_faulty
    assert statuses(faulty, world, 0, 4) == [503, 503, 200, 200]
    assert statuses(faulty, world, 1, 7) == [200, 200, 404, 200, 200, 404, 200]
    assert statuses(faulty, world, 3, 6) == [200, 0, 200, 0, 200, 200]
    response = ask("listBindings", service_sid=world.hundred["sid"])
    check_error(response, "too_many_requests", "listBindings")
    assert not response.all("Preference-Applied")
    assert ask("listBindings").status == 200  # another service
    began = time.monotonic()
    assert statuses(faulty, world, 4, 1) == [200]
    assert time.monotonic() - began >= 0.2


def test_a_request_can_do_without_the_rules(faulty, wish, world):
    """`Prefer: faults=off` is neither changed nor counted by a rule, and a wish of its own goes before the rules."""
    asked = {"service_sid": world.hundred["sid"], "sid": world.hundred["bindings"][5]["sid"]}
    assert statuses(faulty, world, 5, 1) == [401]
    response = wish("fetchBinding", "faults=off", **asked)
    assert (response.status, response.header("Preference-Applied")) == (200, "faults=off")
    assert wish("fetchBinding", "code=500", **asked).status == 500


def test_the_same_seed_gives_the_same_faults_in_any_number_of_workers(serve, world, faulty, rules_file):
    """Two workers count together: what one worker answers to the same requests, two answer."""
    chosen = statuses(faulty, world, 2, 40)
    assert 5 < chosen.count(500) < 35
    assert set(chosen) == {200, 500}
    two = serve("--faults", "--fault-rules", rules_file, "--workers", 2, "--faults-for-all", "--host", "0.0.0.0")
    two.url = two.url.replace("0.0.0.0", "127.0.0.1")
    two.wait_for_workers(2)
    assert statuses(two, world, 2, 40) == chosen
    assert statuses(two, world, 1, 60) == [200, 200, 404] * 20


def test_no_personal_data_gets_into_the_log(faulty, wish):
    """The log holds nothing of a `Prefer`, and a response reports only the applied part."""
    for prefer in ("user=PeterPersonal", "code=PeterPersonal", "code=400, example=PeterPersonal", "(PeterPersonal",
                   "drop=PeterPersonal", "code=429, note=PeterPersonal", 'code="429";x="PeterPersonal"'):  # fmt: skip
        response = wish("fetchBinding", prefer)
        assert "PeterPersonal" not in str(response)
    assert "PeterPersonal" not in faulty.log


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--fault-rules", "RULES"], "--fault-rules and --faults-for-all need --faults"),
        (["--faults-for-all"], "--fault-rules and --faults-for-all need --faults"),
        (["--faults", "--host", "0.0.0.0"], "--faults on --host 0.0.0.0 would let other machines inject faults"),
        (["--faults", "--fault-rules", "WRONG"], "wrong.yaml, line 2, /rules/0/code: must be one of 400, "),
    ],
)
def test_invalid_options_of_faults_are_refused(tmp_path, rules_file, options, message):
    """Rules without the setting, faults for a whole network, and rules that cannot be, end with 2 and a sentence."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("rules:\n  - code: 418\n")
    files = {"RULES": rules_file, "WRONG": wrong}
    given = [files.get(each, each) for each in options]
    command = ("serve", "--port", 0, "--database", f"sqlite:///{tmp_path}/no.db")
    assert message in cli_error(*command, *given, timeout=60)
    assert not (tmp_path / "no.db").exists()
