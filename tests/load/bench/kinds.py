"""The kinds of requests that are compared, over a thousand different SIDs and pages each."""

import random
from typing import NamedTuple
from urllib.parse import quote

from ...support.raw import basic
from ..worlds import ACCOUNT, AUTH, SERVICE, Population, sid
from .wrk import Load

DIFFERENT = 1000
COLLECTION = f"/v2/Services/{SERVICE}/Bindings"
REGISTRATION = f"/registration/v1/Services/{SERVICE}/Bindings"
AUTHORIZATION = {"Authorization": basic(*AUTH)}
_WRONG = {"Authorization": basic(ACCOUNT, "f" * 32)}
FORM = "Identity=new-{n}@example.com&BindingType=apn&CredentialSid=CR" + "0" * 32 + "&MessageTypes=new_message"


class Kind(NamedTuple):
    """Requests that are alike, and how each must be answered."""

    name: str
    load: Load
    status: int = 200
    needs: frozenset[str] = frozenset()
    """The abilities that a contender needs: `lookup` (it reads the database), `check` (it checks credentials)."""

    prefer: str = ""
    """What tells Prism which of the spec's answers to give."""


def reads(population: Population, *, seed: int = 1) -> list[Kind]:
    """What is read, in a world of a population."""
    chance = random.Random(seed)
    size = population.size
    loads = {
        "fetch": [f"{COLLECTION}/{sid(chance.randrange(size))}" for _ in range(DIFFERENT)],
        "list of 50": pages(chance, size - 51),
        "list of 1000": pages(chance, size - 1001, "PageSize=1000&"),
        "list by type": pages(chance, size * 4 // 5, "BindingType=apn&"),
        "list by identity": [
            f"{COLLECTION}?Identity={quote(population.rare_identity(place), safe='')}"
            for place in chance.sample(range(population.rare), min(DIFFERENT, population.rare))
        ],
    }
    prefers = {"list of 50": "example=page_50", "list of 1000": "example=page_1000"}
    prefers |= {"list by type": "example=page_50", "list by identity": "example=page_2"}
    kinds = [
        Kind(name, Load(paths, AUTHORIZATION), prefer=prefers.get(name, "example=binding"))
        for name, paths in loads.items()
    ]
    absent = [f"{COLLECTION}/{sid(size + chance.randrange(size))}" for _ in range(DIFFERENT)]
    wrong = Load(loads["fetch"], _WRONG, is_refused=True)
    return [
        *kinds,
        Kind("404", Load(absent, AUTHORIZATION, is_refused=True), 404, prefer="code=404"),
        Kind("401, wrong token", wrong, 401, frozenset({"lookup", "check"})),
        Kind("401, no credentials", wrong._replace(headers={}), 401, frozenset({"check"})),
    ]


def pages(chance: random.Random, last: int, query: str = "") -> list[str]:
    """A thousand pages that begin at any place up to the last."""
    places = [chance.randrange(1, last) for _ in range(DIFFERENT)]
    return [f"{COLLECTION}?{query}Page={place % 100}&PageToken=PA{sid(place)}" for place in places]


def registrations(run: str) -> Load:
    """Devices that are new, each with a body of its own; `run` tells their endpoints from those of other runs."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return Load([REGISTRATION], AUTHORIZATION | form, "POST", FORM + f"&Endpoint={run}-{{n}}")


def deletions(sids: list[str]) -> Load:
    """Bindings that are there, each deleted once."""
    return Load([f"{COLLECTION}/{each}" for each in sids], AUTHORIZATION, "DELETE")
