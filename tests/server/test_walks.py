"""Walks through lists that change meanwhile.

What stood throughout a walk is seen exactly once, nothing foreign is seen, every page but the last is full, and the way
back shows the same pages where nothing changed meanwhile.
"""

from dataclasses import dataclass, field

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from ..support.answers import check_documented, document, operations, response_of
from ..support.lists import Page, get, list_url, sids, walk

pytestmark = [pytest.mark.usefixtures("unmeasured"), pytest.mark.ci("random walks take fourteen seconds")]

TYPES = document()["components"]["schemas"]["BindingType"]["enum"]
IDENTITIES = ["a", "A", "a,b", "é", "e\u0301", "% +&"]
ENDPOINTS = ["phone", "tablet", "watch"]
SIZES = [1, 2, 3, 5, 7, 1000]

types = st.sampled_from(TYPES)
identities = st.sampled_from(IDENTITIES)
filters = st.tuples(st.lists(types, max_size=3), st.lists(identities, max_size=3))
pick = st.integers(0, 10_000)


@dataclass
class Walk:
    """A walk that is under way: what it has seen, and what has stood since it began."""

    types: list[str]
    identities: list[str]
    size: int
    next_url: str | None
    standing: set[str]
    pages: list[Page] = field(default_factory=list)
    read_at: list[int] = field(default_factory=list)

    def shows(self, binding: dict[str, str]) -> bool:
        return (not self.types or binding["binding_type"] in self.types) and (
            not self.identities or binding["identity"] in self.identities
        )


class Walks(RuleBasedStateMachine):
    """Changes a service and walks its lists, in any order; `model` is what the service must hold."""

    def __init__(self, client: httpx.Client, service_sid: str) -> None:
        super().__init__()
        self.client = client
        self.service_sid = service_sid
        self.model: dict[str, dict[str, str]] = {}
        self.walks: list[Walk] = []
        self.changes = 0
        for sid in sids(walk(client, list_url(client, service_sid, ("PageSize", 1000)))):
            assert self._delete(sid) == 204

    @initialize(devices=st.sets(st.tuples(identities, types, st.sampled_from(ENDPOINTS)), max_size=25))
    def begin(self, devices):
        for identity, binding_type, endpoint in sorted(devices):
            self.register(identity, binding_type, endpoint, "first")

    @rule(identity=identities, binding_type=types, endpoint=st.sampled_from(ENDPOINTS), message_type=types)
    def register(self, identity, binding_type, endpoint, message_type):
        """Register a device, or update it when it is there."""
        fields = {"Identity": identity, "BindingType": binding_type, "Endpoint": endpoint,
                  "CredentialSid": f"CR{'0' * 32}", "MessageTypes": message_type}  # fmt: skip
        answer = self.client.post(operations()["registerBinding"].path(ServiceSid=self.service_sid), data=fields)
        binding = check_documented(response_of(answer), "registerBinding")
        there = [
            each
            for each in self.model.values()
            if all(each[n] == binding[n] for n in ("identity", "endpoint", "binding_type"))
        ]
        assert answer.status_code == (200 if there else 201)
        assert not there or there[0]["sid"] == binding["sid"]
        self.model[binding["sid"]] = binding
        self.changes += 1

    @precondition(lambda self: self.model)
    @rule(number=pick)
    def delete(self, number):
        sid = list(self.model)[number % len(self.model)]
        assert self._delete(sid) == 204
        assert self._delete(sid) == 404
        del self.model[sid]
        for each in self.walks:
            each.standing.discard(sid)
        self.changes += 1

    def _delete(self, sid: str) -> int:
        path = operations()["deleteBinding"].path(ServiceSid=self.service_sid, Sid=sid)
        return self.client.delete(path).status_code

    @rule(filters=filters, size=st.sampled_from(SIZES))
    def start(self, filters, size):
        query = [("BindingType", value) for value in filters[0]] + [("Identity", value) for value in filters[1]]
        url = list_url(self.client, self.service_sid, *query, ("PageSize", size))
        self.walks.append(begun := Walk(*filters, size, url, set()))
        begun.standing = {sid for sid, binding in self.model.items() if begun.shows(binding)}
        self._step(begun)

    @precondition(lambda self: self.walks)
    @rule(number=pick)
    def step(self, number):
        chosen = self.walks[number % len(self.walks)]
        if chosen.next_url is not None:
            self._step(chosen)

    @precondition(lambda self: self.walks)
    @rule(number=pick)
    def go_back(self, number):
        self._go_back(self.walks[number % len(self.walks)])

    def _step(self, walked: Walk) -> None:
        page = get(self.client, walked.next_url)
        self._check(walked, page)
        seen = sids(walked.pages)
        assert not set(seen) & set(sids([page])), "something was seen twice"
        assert page["meta"]["page"] == len(walked.pages)
        walked.pages.append(page)
        walked.read_at.append(self.changes)
        walked.next_url = page["meta"]["next_page_url"]
        if walked.next_url is None:
            assert walked.standing <= set(sids(walked.pages)), "something that stood was not seen"

    def _check(self, walked: Walk, page: Page) -> None:
        """What holds of every page, whatever happened before it."""
        meta = page["meta"]
        for binding in page["bindings"]:
            assert binding == self.model[binding["sid"]], "what is shown is not what is there"
            assert walked.shows(binding)
        assert meta["page_size"] == walked.size
        assert len(page["bindings"]) <= walked.size
        if meta["next_page_url"] is not None:
            assert len(page["bindings"]) == walked.size, "a page before the last is not full"
        if not page["bindings"]:
            assert (meta["next_page_url"], meta["previous_page_url"]) == (None, None)

    def _go_back(self, walked: Walk) -> None:
        """Walk from the last page read to the first; the walk itself stays where it is."""
        index = len(walked.pages) - 1
        last = walked.pages[index]
        url, seen = last["meta"]["previous_page_url"], set()
        if walked.read_at[index] == self.changes:
            shown = [sid for sid, binding in self.model.items() if walked.shows(binding)]
            first = not last["bindings"] or min(shown) == last["bindings"][0]["sid"]
            assert (url is None) == first, "the first page, and no other, has nothing before it"
        while url is not None:
            index -= 1
            page = get(self.client, url)
            self._check(walked, page)
            seen |= set(sids([page]))
            if index >= 0 and walked.read_at[index] == self.changes:
                assert page["bindings"] == walked.pages[index]["bindings"], "the way back shows another page"
                assert page["meta"]["page"] == index
            url = page["meta"]["previous_page_url"]
            assert len(page["bindings"]) == walked.size or url is None
        if walked.pages[-1]["meta"]["previous_page_url"] is not None:
            passed = set(sids(walked.pages[:-1])) & walked.standing
            assert passed <= seen, "something that stood was not seen on the way back"

    def teardown(self) -> None:
        for each in self.walks:
            while each.next_url is not None:
                self._step(each)
            self._go_back(each)
        pages = walk(self.client, list_url(self.client, self.service_sid, ("PageSize", 4)))
        assert sids(pages) == sorted(self.model)


@pytest.fixture
def neighbours(client, world):
    """The same users and devices in another service of the account, and in one of another account."""
    for service_sid, auth in ((world.hundred["sid"], world.auth), (world.foreign["sid"], world.foreign_auth)):
        path = operations()["registerBinding"].path(ServiceSid=service_sid)
        for identity in IDENTITIES:
            fields = {"Identity": identity, "BindingType": "apn", "Endpoint": "phone", "CredentialSid": f"CR{'1' * 32}"}
            assert client.post(path, data=fields, auth=auth).status_code in (200, 201)


@pytest.mark.usefixtures("neighbours")
def test_walks(client, world):
    """However registering, updating, deleting and walking follow each other, every walk sees what it must."""
    run_state_machine_as_test(
        lambda: Walks(client, world.empty["sid"]),
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            print_blob=True,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
