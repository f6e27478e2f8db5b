"""FETCH: fetching a Binding."""

import time
from functools import partial
from operator import itemgetter

from ..clause import OURS, PAGE, SDKS, clause
from ..evidence import Evidence
from ..facts import BAD_PARAMETER, FETCH
from ..response import Answer
from ..variants import VARIANTS, Variant, malformed, same_answer
from ..violation import check, each_of
from ..world import Binding, Service


@clause("FETCH-01", "must", "Fetching gives the Binding", source=PAGE, spec=f"{FETCH}/responses/200")
def test_fetch(evidence: Evidence) -> None:
    """Fetching a Binding gives 200 and the Binding."""

    def fits(case: tuple[Binding, Answer]) -> None:
        each, answer = case
        sid = answer.has_status(200).object.get("sid")
        check(sid == each.sid, f"the Binding {each.sid}", f"{answer.summary}, another or none", answer)

    each_of(evidence.fetched, fits)


@clause("FETCH-02", "must", "Fetching a Binding that does not exist is 404", source=PAGE, spec=f"{FETCH}/responses/404")
def test_absent(evidence: Evidence) -> None:
    """A Binding that does not exist is 404."""

    def fits(service: Service) -> None:
        evidence.target.fetch(service, evidence.absent()).has_status(404)

    each_of((evidence.rich, evidence.large), fits)


@clause(
    "FETCH-03", "must", "Fetching by a malformed SID is 404", source=OURS, spec="/components/parameters/SidParameter"
)
def test_malformed(evidence: Evidence) -> None:
    """A Binding SID that is malformed is 404: there is no such Binding."""
    sids = malformed(evidence.rich.bindings[0].sid, evidence.rich.bindings[-1].sid)
    evidence.each(lambda sid: evidence.target.fetch(evidence.rich, sid).has_status(404), sids)


@clause(
    "FETCH-04", "must", "Fetching from a service that does not exist is 404", source=PAGE, spec=f"{FETCH}/responses/404"
)
def test_absent_service(evidence: Evidence) -> None:
    """A Binding of a service that does not exist is 404."""

    def is_absent(sid: str) -> None:
        evidence.target.fetch(evidence.absent("IS"), sid).has_status(404)

    each_of((evidence.rich.bindings[0].sid, evidence.absent()), is_absent)


@clause(
    "FETCH-05",
    "must",
    "Fetching by a malformed service SID is 404",
    source=OURS,
    spec="/components/parameters/ServiceSidParameter",
)
def test_malformed_service(evidence: Evidence) -> None:
    """A Binding of a service whose SID is malformed is 404."""
    sids, there = malformed(evidence.rich.sid), evidence.rich.bindings[0]
    evidence.each(lambda sid: evidence.target.fetch(sid, there).has_status(404), sids)


@clause("FETCH-06", "must", "Fetching under another service is 404", source=PAGE, spec=f"{FETCH}/responses/404")
def test_other_service(evidence: Evidence) -> None:
    """A Binding under another service of the same account is 404."""
    one, other = evidence.world.two_services()

    def is_absent(case: tuple[Binding, Service]) -> None:
        each, service = case
        evidence.target.fetch(service, each).has_status(404)

    each_of(((one.bindings[0], other), (other.bindings[0], one)), is_absent)


@clause(
    "FETCH-07",
    "should",
    "A fetch refuses query parameters",
    rule="A parameter that an operation does not have",
    source=OURS,
    spec=f"{FETCH}/responses/400",
)
def test_query(evidence: Evidence) -> None:
    """A fetch takes no query parameter: any SHOULD be 400, code 20001."""

    def refused(query: str) -> None:
        evidence.target.fetch(evidence.rich, evidence.rich.bindings[0], query).has_status(400).has_code(BAD_PARAMETER)

    evidence.each(refused, ("?Unknown=1", "?PageSize=5", "?Identity=a", "?BindingType=apn"))


@clause("FETCH-08", "must", "A fetch changes nothing", source=PAGE, spec=FETCH)
def test_twice(evidence: Evidence) -> None:
    """Fetching a Binding again gives the same: reading changes nothing."""
    time.sleep(1.1)  # what a fetch would set to the time of now is another second then
    found = evidence.found[:10]
    calls = [partial(evidence.target.fetch, each.service_sid, each) for each, _ in found]

    def is_same(case: tuple[Answer, Answer]) -> None:
        same_answer(*case, "the same as before")

    each_of(zip((answer for _, answer in found), evidence.target.together(calls), strict=True), is_same)


@clause(
    "FETCH-09", "must", "Headers and bodies do not change a fetch", rule="Bodies and headers", source=SDKS, spec=FETCH
)
def test_headers(evidence: Evidence) -> None:
    """A body, any Content-Type, Accept or Accept-Encoding MUST NOT change a fetch: SDKs send them."""
    each, answer = evidence.found[0]

    def same(variant: Variant) -> None:
        words, headers, body = variant
        again = evidence.target.fetch(each.service_sid, each, headers=headers, body=body)
        same_answer(answer, again, f"with {words}, the same as without")

    evidence.each(same, VARIANTS, name=itemgetter(0))
