"""Schemas of faults and their rules, from `openapi/faults.yaml`."""

from functools import cache

from ...spec import Json, document, resolve

FAULT_RULES = "faults.yaml"


@cache
def schema() -> Json:
    """Return the schema of a file of rules, with references resolved."""
    return resolve(document(FAULT_RULES), FAULT_RULES)


@cache
def injection_schema() -> Json:
    """Return the schema of an injection."""
    return resolve(document(FAULT_RULES)["$defs"]["Fault"], FAULT_RULES)
