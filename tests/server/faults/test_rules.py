"""Fault rules: their files, and the requests that they select, the same everywhere for the same seed."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from chat_bindings.server.faults.counts import Counts, chance
from chat_bindings.server.faults.rules import Injection, Rule
from chat_bindings.server.faults.rules_file import FaultRulesError, read
from chat_bindings.server.faults.schemas import injection_schema, schema
from chat_bindings.spec import directory

from ...support.consoles import blocks

WHOLE = f"""
seed: 7
rules:
  - {{operation: fetchBinding, every: 3, first: 9, code: 429, retry_after: 2.0}}
  - operation: deleteBinding
    sids: [BS{"a" * 32}]
    probability: 0.25
    drop: answer
  - code: 400
    example: malformed_request
    delay: 0.5
    jitter: 1
    malformed: true
"""


def write(folder: Path, content: str | bytes) -> Path:
    file = folder / "rules.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_the_schema_is_one():
    """openapi/faults.yaml is a JSON Schema, and everything in it has a description."""
    document = yaml.safe_load((directory() / "faults.yaml").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(document)
    parts = {**document["$defs"]["Fault"]["properties"], **document["$defs"], **document["properties"]}
    own = {name: part for name, part in document["$defs"]["Rule"]["properties"].items() if part}
    assert all(part.get("description") for name, part in {**parts, **own}.items() if name != "rules")


def test_a_rule_names_all_that_a_fault_has():
    """A rule has every property of a fault, and Python has every property of the schema."""
    faults = set(injection_schema()["properties"])
    rule = set(schema()["properties"]["rules"]["items"]["properties"])
    assert faults < rule
    assert set(Injection.__dataclass_fields__) == faults
    assert set(Rule.__dataclass_fields__) == (rule - faults) | {"injection", "given"}


def test_a_file_is_read(tmp_path):
    """Properties of a file get where they belong; missing ones have the schema's defaults."""
    seed, rules = read(write(tmp_path, WHOLE), registration=True)
    assert seed == 7
    assert rules == (
        Rule(Injection(code=429, retry_after=2), "fetchBinding", first=9, every=3),
        Rule(Injection(drop="answer"), "deleteBinding", (f"BS{'a' * 32}",), probability=0.25),
        Rule(Injection(code=400, example="malformed_request", delay=0.5, jitter=1, malformed=True)),
    )
    assert read(write(tmp_path, '{"rules": [{"delay": 1}]}'), registration=True) == (0, (Rule(Injection(delay=1)),))


def test_the_rules_of_the_guide_are_read(tmp_path):
    """The example of the guide test-clients is a file of rules."""
    (block,) = blocks(Path(__file__).parents[3] / "openapi" / "guides" / "test-clients.md", "yaml")
    seed, rules = read(write(tmp_path, block), registration=True)
    assert (seed, len(rules)) == (7, 3)


def _laughs() -> str:
    """Return aliases of aliases, which stand for ten to the eleventh texts."""
    lines = [f"a0: &a0 [{', '.join('x' * 10)}]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 11)]
    return "\n".join([*lines, "rules: *a10"])


ERRORS = [
    ("", 1, "the document", "must hold rules"),
    ("rules:\n  - drop: body\n    every: 0", 3, "/rules/0/every", "must be at least 1"),
    ("seed: 1\nseeds: 2\nrules: [{delay: 1}]", 1, "the document", "must not hold seeds, which is not known here"),
    ("rules:\n  - every: 2\n", 2, "/rules/0", "must hold one of code, delay, drop, malformed"),
    ("rules:\n  - code: 418", 2, "/rules/0/code",
     "must be one of 400, 401, 404, 405, 429, 500, 503, which listBindings has"),
    ("rules:\n  - operation: fetch\n    delay: 1", 2, "/rules/0/operation",
     "must be one of listBindings, fetchBinding, deleteBinding, registerBinding, or be left out for all of them"),
    ("rules:\n  - delay: 1\n  - delay: 1\n    operation: list_bindings", 4, "/rules/1/operation",
     "must be listBindings, as the contract spells it"),
    ("rules:\n  - delay: 1\n  - code: 400\n    example: nope", 4, "/rules/1/example",
     "must be one of invalid_parameter, page_size_too_large, malformed_request, which listBindings has for 400"),
    ("rules:\n  - code: 500\n    retry_after: 3", 3, "/rules/0/retry_after",
     "must go with one of 429, 503, which say when"),
    ("rules:\n  - drop: body\n    retry_after: 1", 2, "/rules/0", "must hold code"),
    ("rules:\n  - delay: .inf", 2, "/rules/0/delay", "must be a number"),
    ("rules:\n  - drop: body\n    drop: answer", 3, "/rules/0/drop", "must not be there twice"),
    ("rules:\n  - operation: *\n", 2, "the document",
     "must be YAML: "),
    ("rules: &all [*all]", 1, "/rules/0", "must not hold itself"),
    (_laughs(), 1, "the document", "must hold at most 20000 values, aliases written out"),
    ("rules: [" + "[]," * 300_000 + "]", 1, "the document", "must hold at most 20000 values"),
    ("[" * 500_000, 1, "the document", "must not be nested deeper than 20 levels"),
    ("seed: 0x" + "f" * 500_000, 1, "the document", "must be YAML: a number has at most 40 characters"),
    ("seed: 99999999999999999999\nrules: [{delay: 1}]", 1, "/seed", "must be at most 9007199254740991"),
    ("a" * 2_000_000, 1, "the document", "must have at most 1048576 bytes"),
    ("rules:\n  - ? [drop]\n    : body", 2, "/rules/0", "must have names that are texts"),
    (b"rules: \xff", 1, "the document", "must be UTF-8"),
    ("rules: \x00", 1, "the document", "must be YAML: "),
]  # fmt: skip


@pytest.mark.parametrize(("content", "line", "place", "broken"), ERRORS)
def test_an_error_has_line_pointer_and_rule(tmp_path, content, line, place, broken):
    """A broken rule is reported with its line, its JSON pointer and the rule."""
    with pytest.raises(FaultRulesError) as raised:
        read(write(tmp_path, content), registration=True)
    assert str(raised.value).startswith(f"line {line}, {place}: {broken}")


def test_no_rule_is_for_what_is_not_served(tmp_path):
    """A rule for registration is refused where it is not served."""
    with pytest.raises(FaultRulesError, match=r"/rules/0/operation: must be one of .*deleteBinding, or be left out"):
        read(write(tmp_path, "rules: [{operation: registerBinding, delay: 1}]"), registration=False)


def count(file: Path, index: int) -> list[int]:
    counts = Counts(file)
    return [counts.next(index) for _ in range(2000)]


def test_several_processes_count_together(tmp_path):
    """Four workers that count at the same time get each number once, and each count is one of its own."""
    file = tmp_path / "counts"
    file.touch()
    with ProcessPoolExecutor(4) as pool:
        counted = list(pool.map(count, [file] * 4, [0, 1, 0, 0]))
    assert sorted(counted[0] + counted[2] + counted[3]) == list(range(1, 6001))
    assert counted[1] == list(range(1, 2001))


def test_chance_follows_from_the_seed():
    """The same seed and number give the same chance, another gives another, and a half of them lie below a half."""
    one, same, other = ([chance(seed, 0, number, "takes") for number in range(1000)] for seed in (1, 1, 2))
    assert one == same
    assert not set(one) & set(other)
    assert all(0 <= each < 1 for each in one)
    assert 430 < sum(each < 0.5 for each in one) < 570


def test_a_rule_takes_what_all_of_its_conditions_take():
    """A rule's conditions `first`, `every` and `probability` narrow each other; without any it takes each request."""
    numbers = range(1, 13)
    assert [n for n in numbers if Rule(Injection()).takes(n, 0.99)] == list(numbers)
    assert [n for n in numbers if Rule(Injection(), first=9, every=3).takes(n, 0.99)] == [3, 6, 9]
    assert [n for n in numbers if Rule(Injection(), every=3, probability=0.5).takes(n, n / 20)] == [3, 6, 9]
    assert not Rule(Injection(), probability=0).takes(1, 0.0)
