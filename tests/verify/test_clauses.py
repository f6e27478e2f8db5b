"""The clauses: permanent, complete, and tripped by wrong servers."""

import ast
import re
import tomllib
from functools import reduce
from pathlib import Path

from chat_bindings.site.contract.clauses import rules
from chat_bindings.verify import facts
from chat_bindings.verify.plan import Plan
from chat_bindings.verify.suite import MODULES, OUT_OF_REACH, checks, chosen, clauses
from chat_bindings.verify.world import World as Held

from ..support.answers import errors
from .judging import python_servers

VERIFY = Path("handlers/verify")

RELEASED = {
    "BINDING": 19, "FETCH": 10, "LIST": 16, "PAGE": 37, "FILTER": 18, "TEXT": 22, "DELETE": 18, "ERROR": 19,
    "AUTH": 18, "TENANT": 10, "HTTP": 21, "RACE": 6,
}  # fmt: skip
"""The number of released ids of each section, 01 and up. An id is never renumbered and never used again: a clause
that is dropped is named in GONE."""

GONE: set[str] = set()


def test_ids_are_permanent():
    """Every id that was ever given away is still there; new ones come after the last one of their section."""
    released = {f"{section}-{number:02}" for section, count in RELEASED.items() for number in range(1, count + 1)}
    ids = [clause.id for clause in clauses()]
    assert len(ids) == len(set(ids)) == len(checks())
    assert set(ids) == released - GONE, "an id that is new is added to RELEASED, one that is gone to GONE"


def test_clauses():
    """A clause has a sentence, a title, a source and a pointer into the spec that leads somewhere."""
    for clause in clauses():
        assert clause.sentence.endswith("."), clause
        assert clause.title, clause
        assert not clause.title.endswith("."), clause
        assert clause.source, clause
        assert clause.level in ("must", "should"), clause
        parts = [part.replace("~1", "/").replace("~0", "~") for part in clause.spec.split("/")[1:]]
        assert reduce(lambda node, part: node[part], parts, facts.SPEC), clause


def test_every_rule_of_the_contract_is_held_in_its_word():
    """Each rule in a list of the contract is held by a clause, whose sentence has the word of its level too."""
    held = [clause for clause in clauses() if clause.rule]
    found = rules()
    assert {clause.rule for clause in held} == found.keys()
    for clause in held:
        word = clause.level.upper()
        assert word in clause.sentence, clause
        assert word in found[clause.rule] or not re.search("MUST|SHOULD|MAY", found[clause.rule]), clause


def test_every_clause_is_tripped_by_a_wrong_server():
    """At least one wrong server in Python is meant for every clause."""
    meant = {server.clause for server in python_servers()}
    assert {clause.id for clause in clauses()} == meant
    assert len(python_servers()) >= 120


def test_the_suite_imports_nothing_of_the_service():
    """The clauses speak HTTP only: they and what runs them import nothing of the server, its worlds or its storage."""
    paths = [*VERIFY.glob("*.py"), *VERIFY.glob("clauses/**/*.py"), *VERIFY.glob("http/*.py")]
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                own_depth = len(path.relative_to(VERIFY).parts)
                assert node.level <= own_depth, (path, node.lineno)


def test_all_modules_are_checked():
    """No module with checks is left out."""
    paths = [path.relative_to(VERIFY / "clauses").with_suffix("") for path in VERIFY.glob("clauses/**/*.py")]
    assert {".".join(path.parts) for path in paths if path.name != "__init__"} - {"free"} == set(MODULES)


def test_patterns_choose_clauses():
    """A clause is chosen by its id, its section or a pattern, in any case; nothing else is."""
    assert [clause.id for clause in chosen(["page-05"])] == ["PAGE-05"]
    assert {clause.section for clause in chosen(["page", "RACE"])} == {"PAGE", "RACE"}
    assert {clause.id for clause in chosen(["*-01"])} == {f"{section}-01" for section in RELEASED}
    assert not chosen(["PAGE-5"])


def test_codes_are_those_of_the_spec():
    """The codes of errors are those of the spec's examples."""
    known = {example["value"]["code"] for example in errors().values()}
    codes = {
        facts.BAD_PARAMETER, facts.UNAUTHORIZED, facts.NOT_ALLOWED, facts.SIZE_TOO_LARGE, facts.NOT_FOUND,
    }  # fmt: skip
    assert codes <= known
    assert facts.ACCESS_DENIED not in known


def test_what_is_out_of_reach_says_why():
    """Each rule that no request can show has its reason."""
    assert all(rule.endswith(".") and reason for rule, reason in OUT_OF_REACH)


def test_the_plan_takes_no_binding_twice(world_file):
    """Bindings that a run may delete are known before, each for one check alone, and each check can be made again."""
    plan = Plan(Held.read(world_file), clauses())
    assert len(plan.deletable) == len(set(plan.deletable))
    for clause in clauses():
        if clause.deletes:
            assert len(plan.picks(clause.deletes)) == 2


def test_pytest_is_no_dependency():
    """verify needs no pytest: nothing but the pytest plugin imports it, and only the extra `pytest` brings it."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert not [each for each in project["dependencies"] if each.startswith("pytest")]
    assert [each[:6] for each in project["optional-dependencies"]["pytest"]] == ["pytest"]
    importing = {
        path
        for path in Path("handlers").rglob("*.py")
        if re.search(r"^\s*(import|from) _?pytest\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert importing == {Path("handlers/testing/__init__.py")}
