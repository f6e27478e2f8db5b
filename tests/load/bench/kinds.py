"""The kinds of requests in the benchmarks, over a thousand different SIDs and pages each."""

import random
from typing import NamedTuple
from urllib.parse import quote

from ...support.raw import basic
from ..worlds import ACCOUNT, AUTH, SERVICE, Population, sid
from .wrk import Load

DIFFERENT = 1000
WRONG_TOKEN, NO_CREDENTIALS = "401, wrong token", "401, no credentials"
COLLECTION = f"/v2/Services/{SERVICE}/Bindings"
REGISTRATION = f"/registration/v1/Services/{SERVICE}/Bindings"
AUTHORIZATION = {"Authorization": basic(*AUTH)}
_WRONG = {"Authorization": basic(ACCOUNT, "f" * 32)}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Kind(NamedTuple):
    """Requests that are alike, and the response that each must get."""

    name: str
    load: Load
    status: int = 200
    prefer: str = ""
    """The header by which Prism chooses an example of the spec."""


def reads(population: Population) -> list[Kind]:
    """Return the kinds of reads in the world of a population."""
    chance, size = random.Random(1), population.size
    users = chance.sample(range(population.rare), min(DIFFERENT, population.rare))
    paths = {
        "fetch": [f"{COLLECTION}/{sid(chance.randrange(size))}" for _ in range(DIFFERENT)],
        "list of 50": _pages(chance, size - 51),
        "list of 1000": _pages(chance, size - 1001, "PageSize=1000&"),
        "list by type": _pages(chance, size * 4 // 5, "BindingType=apn&"),
        "list by identity": [by_identity(population.rare_identity(place)) for place in users],
    }
    examples = dict(zip(paths, ("binding", "page_50", "page_1000", "page_50", "page_2"), strict=True))
    absent = [f"{COLLECTION}/{sid(size + chance.randrange(size))}" for _ in range(DIFFERENT)]
    wrong = Load(paths["fetch"], _WRONG, is_refused=True)
    return [
        *(Kind(name, Load(each, AUTHORIZATION), prefer=f"example={examples[name]}") for name, each in paths.items()),
        Kind("404", Load(absent, AUTHORIZATION, is_refused=True), 404, prefer="code=404"),
        Kind(WRONG_TOKEN, wrong, 401),
        Kind(NO_CREDENTIALS, wrong._replace(headers={}), 401),
    ]


def _pages(chance: random.Random, last: int, query: str = "") -> list[str]:
    """Return a thousand pages that begin at any place up to the last."""
    places = [chance.randrange(1, last) for _ in range(DIFFERENT)]
    return [f"{COLLECTION}?{query}Page={place % 100}&PageToken=PA{sid(place)}" for place in places]


def by_identity(*identities: str, query: str = "") -> str:
    """Return the path of a list that is filtered by identities."""
    return f"{COLLECTION}?{query}" + "&".join(f"Identity={quote(each, safe='')}" for each in identities)


def registrations(run: str) -> Load:
    """Return registrations of new devices, each with its own body; `run` keeps endpoints of several runs apart."""
    form = f"Identity=new-{{n}}@example.com&BindingType=apn&CredentialSid=CR{0:032x}&MessageTypes=new_message"
    return Load([REGISTRATION], AUTHORIZATION | _FORM, "POST", f"{form}&Endpoint={run}-{{n}}")


def deletions(sids: list[str]) -> Load:
    """Return deletions of existing Bindings, each once."""
    return Load([f"{COLLECTION}/{each}" for each in sids], AUTHORIZATION, "DELETE")
