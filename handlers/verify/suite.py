"""The clauses, and the rules of the contract that are out of reach."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from importlib import import_module
from types import ModuleType

from .clause import Check, Clause, clause_of, is_check

MODULES = (
    "binding",
    "fetch",
    "list",
    "paging.pages",
    "paging.parameters",
    "paging.deletes",
    "paging.numbers",
    "filters.values",
    "filters.unread",
    "filters.text",
    "delete",
    "sids",
    "auth",
    "tenant",
    "http",
    "origins",
    "surroundings",
    "caches",
    "race",
    "error",
    "error_odd",
)

OUT_OF_REACH: Sequence[tuple[str, str]] = (
    ("A user who registers the same device again updates that Binding.", "registering is not a part of this API"),
    ("A Binding is unique to its service, user, device and type.", "registering is not a part of this API"),
    ("A walk visits what is added meanwhile at most once.", "adding Bindings is not a part of this API"),
    ("`date_updated` never moves back.", "updating Bindings is not a part of this API"),
    ("Deleted personal data is gone within 30 days.", "files, logs and backups of the target cannot be read"),
    ("Personal data stands in no log, metric or trace.", "they cannot be read"),
    ("A rotated or deleted token ends within a second.", "rotating tokens is not a part of this API"),
    ("Tokens are stored as SHA-256 and compared in constant time.", "storage and timing cannot be seen from outside"),
    ("SIDs that the server makes have lower-case digits.", "the Bindings of the world were made before"),
    ("A fault of the server is a 500 with code 20500.", "faults cannot be caused from outside"),
    ("A database that is away is a 503 with code 20503.", "it cannot be taken away from outside"),
    ("Too many requests are a 429 with code 20429.", "it would take a flood, and whether there is a limit is free"),
    ("More than ten values of a filter, at most 100.", "how many values a filter takes beyond ten is free"),
)
"""Rules of the contract that no request can show, and why."""


def modules() -> Iterator[ModuleType]:
    """Import the modules with the checks."""
    for name in MODULES:
        yield import_module(f".clauses.{name}", __package__)


def checks() -> list[Check]:
    """List all checks in the order of their modules, and there as they stand."""
    return [
        value
        for module in modules()
        for value in vars(module).values()
        if is_check(value) and value.__module__ == module.__name__
    ]


def clauses() -> list[Clause]:
    """List all clauses, in the order of their ids within the sections."""
    known = [clause_of(check) for check in checks()]
    sections = list(dict.fromkeys(clause.section for clause in known))
    return sorted(known, key=lambda clause: (sections.index(clause.section), clause.id))


def chosen(patterns: Sequence[str]) -> list[Clause]:
    """List the clauses whose ids match one of some patterns (`PAGE-05`, `page`, `*-01`), or all without patterns."""
    return [clause for clause in clauses() if not patterns or any(_matches(clause, each) for each in patterns)]


def _matches(clause: Clause, pattern: str) -> bool:
    wanted = pattern.strip().upper()
    return clause.section == wanted or fnmatchcase(clause.id, wanted)
