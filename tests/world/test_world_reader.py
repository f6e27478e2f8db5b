"""The reader of worlds, and its errors."""

import io
import json
import tracemalloc
from typing import Any

import pytest

from chat_bindings.world import source
from chat_bindings.world.reader import Frame, Reader, WorldError

from ..support.worlds import account, binding, sid

A, S, B, K = (sid(prefix, 1) for prefix in ("AC", "IS", "BS", "SK"))
HERE = "/accounts/0/services/0/bindings/0"
IDENTITY = f"{HERE}/identity"


def a_world(*bindings: Any, **changes: Any) -> dict[str, Any]:
    return {"accounts": [account(1, *bindings, **changes)]}


def read(text: str | bytes) -> list[Frame]:
    """Read all frames of a world, and check each."""
    frames = []
    for frame in Reader(io.BytesIO(text.encode() if isinstance(text, str) else text), lambda _: None):
        frame.check()
        frames.append(frame)
    return frames


def fault(text: str | bytes) -> WorldError:
    with pytest.raises(WorldError) as raised:
        read(text)
    return raised.value


def text_with(old: str, new: str | bytes) -> bytes:
    """Write a world of one Binding over several lines, with one change."""
    text = json.dumps(a_world(binding(1)), indent=1)
    assert text.count(old) == 1
    return text.encode().replace(old.encode(), new if isinstance(new, bytes) else new.encode())


def test_child_records_come_before_their_parent():
    """Each frame has its kind, its value, its line and its pointer, and its parent."""
    text = "\n".join(
        [
            '{"accounts": [',
            f'{{"sid": "{A}", "auth_token": "x", "keys": [',
            f'{{"sid": "{K}", "secret": "y"}}],',
            '"services": [',
            f'{{"sid": "{S}", "bindings": [',
            f"{json.dumps(binding(1))},",
            f"{json.dumps(binding(1, identity='é😀', url='u', links={'user': 'v'}))}]}}]}}]}}",
        ]
    )
    frames = read(text)
    assert [(frame.kind, frame.line, frame.pointer) for frame in frames] == [
        ("Key", 3, "/accounts/0/keys/0"),
        ("Binding", 6, "/accounts/0/services/0/bindings/0"),
        ("Binding", 7, "/accounts/0/services/0/bindings/1"),
        ("Service", 5, "/accounts/0/services/0"),
        ("Account", 2, "/accounts/0"),
        ("World", 1, ""),
    ]
    assert frames[1].value == binding(1)
    assert frames[2].value["identity"] == "é😀"
    assert (frames[2].parent, frames[2].parent.parent) == (frames[3], frames[4])
    assert frames[4].value == {"sid": A, "auth_token": "x", "keys": [], "services": []}


@pytest.mark.parametrize("indent", [None, 0, 1])
def test_the_layout_does_not_matter(indent):
    """A world reads the same on one line, on many, and with other line ends."""
    world = a_world(*(binding(1, identity=f"user {number}") for number in range(300)))
    text = json.dumps(world, indent=indent)
    for variant in (
        text,
        text.replace("\n", "\r\n"),
        f"\n\n {text}\t\n\n",
        json.dumps(world, indent=indent, ensure_ascii=False),
    ):
        assert [frame.value for frame in read(variant)[:300]] == world["accounts"][0]["services"][0]["bindings"]


def test_a_long_line_is_cut_between_characters_and_escapes():
    """However a line of megabytes is cut into pieces, no character, escape or surrogate pair is torn apart."""
    identities = ["\\" * 7 + '"' * number + "é€😀" * (number % 60) for number in range(1, 300)]
    world = a_world(*(binding(1, identity=identity) for identity in identities))
    for text in (json.dumps(world), json.dumps(world, ensure_ascii=False)):
        assert [frame.value["identity"] for frame in read(text)[: len(identities)]] == identities


@pytest.mark.parametrize(
    ("change", "path", "rule"),
    [
        ({"identity": ""}, "/identity", "must not be empty"),
        ({"identity": "x" * 513}, "/identity", "must have at most 512 characters"),
        ({"identity": "a\0b"}, "/identity", "must not hold a NUL"),
        ({"identity": 5}, "/identity", "must be a string"),
        ({"identity": None}, "/identity", "must be a string"),
        ({"identity": [[["deep"] * 9]]}, "/identity", "must be a string"),
        ({"endpoint": "x" * 4097}, "/endpoint", "must have at most 4096 characters"),
        ({"endpoint": ...}, "", "must hold endpoint"),
        ({"binding_type": "sms"}, "/binding_type", "must be one of apn, gcm, fcm"),
        ({"sid": "BSx"}, "/sid", "must be BS and 32 hexadecimal digits"),
        ({"sid": B + "\n"}, "/sid", "must be BS and 32 hexadecimal digits"),
        ({"credential_sid": B}, "/credential_sid", "must be CR and 32 hexadecimal digits"),
        ({"date_created": "2016-02-30T11:37:03Z"}, "/date_created", "must be a valid date-time"),
        ({"date_created": "0000-01-01T00:00:00Z"}, "/date_created", "must be a valid date-time"),
        ({"date_updated": "2016-12-31T23:59:60Z"}, "/date_updated", "must be a valid date-time"),
        ({"date_updated": "2016-10-21 11:37:03"}, "/date_updated", "must be a time in GMT with whole seconds"),
        ({"message_types": "new_message"}, "/message_types", "must be a list"),
        ({"message_types": ["a", ""]}, "/message_types/1", "must not be empty"),
        ({"message_types": [["a"]]}, "/message_types/0", "must be a string"),
        ({"message_types": ["a"] * 101}, "/message_types", "must hold at most 100 values"),
        ({"Identity": "x"}, "", "must not hold Identity, which is not known here"),
    ],
)
def test_a_broken_rule_of_a_binding_is_reported(change, path, rule):
    """A broken rule is reported with pointer and rule, without the value that broke it."""
    error = fault(json.dumps(a_world(binding(1), binding(1, **change))))
    assert error.pointer == f"/accounts/0/services/0/bindings/1{path}"
    assert error.rule.startswith(rule)
    assert "TestUser" not in str(error)


@pytest.mark.parametrize(
    ("world", "pointer", "rule"),
    [
        ([], "", "must be an object"),
        (5, "", "must be an object"),
        ({}, "", "must hold accounts"),
        ({"accounts": {}}, "/accounts", "must be a list"),
        ({"accounts": [], "more": 1}, "", "must not hold more, which is not known here"),
        ({"accounts": [[]]}, "/accounts/0", "must be an object"),
        ({"accounts": ["x"]}, "/accounts/0", "must be an object"),
        (a_world(auth_token=...), "/accounts/0", "must hold auth_token or auth_token_sha256, and only one of them"),
        (a_world(auth_token_sha256="0" * 64), "/accounts/0", "must hold auth_token or auth_token_sha256, and only one"),
        (a_world(auth_token="a\0b"), "/accounts/0/auth_token", "must not hold a NUL"),
        (a_world(auth_token=..., auth_token_sha256="0" * 63), "/accounts/0/auth_token_sha256", "must be 64 lower-case"),
        (a_world(sid=S), "/accounts/0/sid", "must be AC and 32"),
        (a_world(services=...), "/accounts/0", "must hold services"),
        (a_world(keys=[{"sid": K}]), "/accounts/0/keys/0", "must hold secret or secret_sha256"),
        (a_world(keys=[{"sid": A, "secret": "x"}]), "/accounts/0/keys/0/sid", "must be SK and 32"),
        (a_world(services=[{"sid": S}]), "/accounts/0/services/0", "must hold bindings"),
        (a_world(services=[{"sid": "IS", "bindings": []}]), "/accounts/0/services/0/sid", "must be IS and 32"),
        (a_world(None), HERE, "must be an object"),
        (a_world(binding(1), 7.5), "/accounts/0/services/0/bindings/1", "must be an object"),
    ],
)
def test_a_broken_rule_around_the_bindings_is_reported(world, pointer, rule):
    """Broken rules of the document, an account, a key or a service are reported as well."""
    error = fault(json.dumps(world))
    assert (error.line, error.pointer) == (1, pointer)
    assert error.rule.startswith(rule)


@pytest.mark.parametrize(
    ("text", "line", "pointer", "rule"),
    [
        (b"", 1, "", "the file ends in the middle of the document"),
        (b" \n \n", 2, "", "the file ends in the middle of the document"),
        (b"\xef\xbb\xbf{}", 1, "", "must not begin with a byte order mark"),
        ('{"accounts": []}'.encode("utf-16"), 1, "", "must be UTF-8"),
        (b'{"accounts": []}\n\n{"accounts": []}', 3, "", "nothing may stand after the end of the document"),
        (b'{"accounts": []}\n\0', 2, "", "nothing may stand after the end of the document"),
        (b'{"accounts": [],\n}', 2, "", "is not JSON: "),
        (b'{"accounts": [],\n"accounts": []}', 2, "/accounts", "must not be there twice"),
        (b"// a comment\n{}", 1, "", "is not JSON: "),
        (b"{'accounts': []}", 1, "", "is not JSON: "),
        (b'{"accounts": [NaN]}', 1, "/accounts/0", "is not JSON: "),
        (b'{"accounts": [\n1e9999999999999999999]}', 2, "/accounts/0", "is not JSON: "),
        (b'{"accounts": [\n' + b"9" * 5000 + b"]}", 2, "/accounts/0", "is not JSON: "),
        (text_with('"apn"', '"apn'), 16, f"{HERE}/binding_type", "is not JSON: "),
        (text_with('"apn",', '"apn"'), 17, HERE, "is not JSON: "),
        (text_with('"apn"', '"gc\\m"'), 16, f"{HERE}/binding_type", "is not JSON: "),
        (text_with('"apn"', '"apn", "binding_type": "apn"'), 16, f"{HERE}/binding_type", "must not be there twice"),
        (text_with('"TestUser"', '"\\ud83d"'), 15, IDENTITY, "must not hold half of a surrogate pair, \\ud83d"),
        (text_with('"TestUser"', '"\\uDE00\\ud83d"'), 15, IDENTITY, "must not hold half of a surrogate pair, \\uDE00"),
        (text_with('"TestUser"', '"\\ud83d\\u0041"'), 15, IDENTITY, "must not hold half of a surrogate pair"),
        (text_with('"new_message"', '"\\\\\\ud83d"'), 19, f"{HERE}/message_types/0", "must not hold half of a"),
        (text_with('"identity"', '"\\ud83d"'), 15, HERE, "must not hold half of a surrogate pair"),
        (text_with('"TestUser"', b'"\xff"'), 15, IDENTITY, "must be UTF-8"),
        (text_with('"TestUser"', b'"\xed\xa0\xbd"'), 15, IDENTITY, "must be UTF-8"),
        (text_with('"TestUser"', b'"\xc0\x80"'), 15, IDENTITY, "must be UTF-8"),
        (text_with('"TestUser"', b'"\xf0\x9f\x98"'), 15, IDENTITY, "must be UTF-8"),
        (text_with('"TestUser"', b'"a\0b"'), 15, IDENTITY, "is not JSON: "),
        (text_with('"new_message"', '"a",\n"b",\n""'), 21, f"{HERE}/message_types/2", "must not be empty"),
        (text_with('"endpoint 1"', '{"a": [{"b": 1}]}'), 14, f"{HERE}/endpoint", "must be a string"),
        (text_with('"endpoint 1",', '[1, {"a": tru}],'), 14, f"{HERE}/endpoint/1/a", "is not JSON: "),
        (text_with('"endpoint 1",', '"x",\n"~/": 1,'), 10, HERE, "must not hold ~/, which is not known here"),
        (text_with('"sid": "BS', '"~/": nul"BS'), 11, f"{HERE}/~0~1", "is not JSON: "),
    ],
)
def test_invalid_text_is_reported_with_its_line(text, line, pointer, rule):
    """Invalid JSON, invalid UTF-8 and duplicates are reported with line, pointer and rule, without the text itself."""
    error = fault(text)
    assert (error.line, error.pointer) == (line, pointer)
    assert error.rule.startswith(rule)
    assert str(error).startswith(f"line {line}, {pointer or 'the document'}: ")
    assert "TestUser" not in str(error)


def test_whole_surrogate_pairs_and_escaped_backslashes_are_fine():
    """An escaped pair is one character, and a backslash before `ud83d` is a backslash."""
    pair, backslash = '"\\ud83d\\uDE00"', '"\\\\ud83d"'
    for text, identity in ((pair, "😀"), (backslash, "\\ud83d")):
        assert read(text_with('"TestUser"', text))[0].value["identity"] == identity


def test_a_truncated_file_is_an_error_wherever_it_ends():
    """A world that ends early is an error, whatever its last byte was."""
    text = json.dumps(a_world(binding(1, identity="é"), keys=[{"sid": K, "secret": "x"}]), ensure_ascii=False).encode()
    for length in range(len(text)):
        error = fault(text[:length])
        assert error.rule.startswith(("the file ends", "must be UTF-8")), length


def test_names_from_the_file_cannot_play_with_the_terminal():
    """Control characters of names are escaped, and long names cut."""
    error = fault(json.dumps({"accounts": [], "\x1b[31m" + "x" * 100_000: 1}))
    assert "\x1b" not in str(error)
    assert len(str(error)) < 2000


@pytest.mark.parametrize(
    ("before", "filling", "pointer"),
    [
        (b'{"accounts": [{"sid": "', b"x" * 65536, "/accounts/0/sid"),
        (b'{"accounts": [{"sid": "', b'\\"' * 32768, "/accounts/0/sid"),
        (b'{"accounts": [{"services": [{"bindings": [{"links": [0', b',"long"' * 9362, f"{HERE}/links/"),
    ],
)
def test_endless_values_are_refused(before, filling, pointer):
    """A text or list without end is refused after a megabyte or so."""

    class Endless(io.BytesIO):
        def readline(self, size: int | None = -1) -> bytes:
            return super().readline(size) or filling

    tracemalloc.start()
    with pytest.raises(WorldError) as raised:
        list(Reader(Endless(before), lambda _: None))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert raised.value.pointer.startswith(pointer)
    assert raised.value.rule == f"must not take up more than {source.LONGEST} bytes of text"
    assert peak < 150 * 1024 * 1024


@pytest.mark.parametrize("level", ["[", '{"a":'])
def test_endless_nesting_is_refused(level):
    """A hundred levels are plenty."""
    error = fault('{"accounts": [{"services": [{"bindings": [{"links": ' + level * 10_000)
    assert error.pointer.startswith(f"{HERE}/links/")
    assert error.rule == "must not be nested deeper than 100 levels"


def test_progress_counts_every_byte():
    """The progress adds up to the length of the file, in useful steps."""
    text = json.dumps(a_world(*[binding(1, endpoint="x" * 4096)] * 1500), indent=0).encode()
    reported: list[int] = []
    list(Reader(io.BytesIO(text), reported.append))
    assert sum(reported) == len(text)
    assert 2 < len(reported) < 20


def test_lines_as_export_writes_them_are_read_as_any_others():
    """A line that is read at once gives the same as one that the parser reads, and hides no flaw in it."""
    own = [binding(number, identity=f"é {number}") for number in range(5)]
    lines = [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in own]

    def world(separator: str) -> str:
        service = f'{{"sid":"{S}","bindings":[{separator}]}}'
        return f'{{"accounts":[{{"sid":"{A}","auth_token":"x","services":[{service}]}}]}}'

    at_once, parsed = read(world("\n" + ",\n".join(lines) + "\n")), read(world("\n" + " ,\n".join(lines) + "\n"))
    places = [[(frame.kind, frame.value, frame.line, frame.pointer) for frame in found] for found in (at_once, parsed)]
    assert places[0] == places[1]
    twice = lines[2][:-1] + ',"identity":"again"}'
    for line, rule in ((twice, "must not be there twice"), (lines[2][1:], None), ("{}x", None), ("3", None)):
        error = fault(world("\n" + ",\n".join([*lines[:2], line, *lines[3:]]) + "\n"))
        assert error.line == 4
        assert rule in (None, error.rule)
    error = fault(world("\n" + ",\n".join(lines) + ",\n"))
    assert "JSON" in error.rule
    error = fault(world("\n" + ",\n".join([*lines[:3], lines[3].replace('"apn"', '"sms"'), lines[4]]) + "\n"))
    assert (error.line, error.pointer) == (5, "/accounts/0/services/0/bindings/3/binding_type")
