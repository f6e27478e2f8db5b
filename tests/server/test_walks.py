"""Walks through lists that change meanwhile.

What stood throughout a walk is seen exactly once, on the way back as well, nothing foreign is seen, and every page but
the last is full. The clauses of PAGE and RACE walk while Bindings are deleted; here devices register meanwhile, too.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from ..support.answers import check_documented, document, operations, response_of
from ..support.lists import Page, get, list_url, sids, walk

pytestmark = [pytest.mark.usefixtures("unmeasured"), pytest.mark.ci("random walks take seven seconds")]

TYPES = document()["components"]["schemas"]["BindingType"]["enum"]
MOST = document()["components"]["parameters"]["IdentityParameter"]["schema"]["maxItems"]
IDENTITIES = ["a", "A", "a,b", "é", "e\u0301", "% +&"]
ENDPOINTS = ["phone", "tablet", "watch"]
SIZES = [1, 2, 3, 5, 7, 1000]

types = st.sampled_from(TYPES)
identities = st.sampled_from(IDENTITIES)
pick = st.integers(0, 10_000)


@dataclass
class Walk:
    """A walk in progress: the SIDs seen, and those that have stood since it began."""

    shows: Callable[[dict[str, str]], bool]
    size: int
    next_url: str | None
    standing: set[str]
    pages: list[Page] = field(default_factory=list)


class Walks(RuleBasedStateMachine):
    """Changes a service and walks its lists, in any order; `model` is the expected content."""

    def __init__(self, client: httpx.Client, service_sid: str) -> None:
        super().__init__()
        self.client = client
        self.service_sid = service_sid
        self.model: dict[str, dict[str, str]] = {}
        self.walks: list[Walk] = []
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
        assert answer.status_code == (200 if binding["sid"] in self.model else 201)
        self.model[binding["sid"]] = binding

    @precondition(lambda self: self.model)
    @rule(number=pick)
    def delete(self, number):
        sid = list(self.model)[number % len(self.model)]
        assert [self._delete(sid) for _ in range(2)] == [204, 404]
        del self.model[sid]
        for each in self.walks:
            each.standing.discard(sid)

    def _delete(self, sid: str) -> int:
        path = operations()["deleteBinding"].path(ServiceSid=self.service_sid, Sid=sid)
        return self.client.delete(path).status_code

    @rule(kinds=st.lists(types, max_size=3), users=st.lists(identities, max_size=3), size=st.sampled_from(SIZES))
    def start(self, kinds, users, size):
        def shows(binding: dict[str, str]) -> bool:
            return (not kinds or binding["binding_type"] in kinds) and (not users or binding["identity"] in users)

        query = [("BindingType", value) for value in kinds] + [("Identity", value) for value in users]
        url = list_url(self.client, self.service_sid, *query, ("PageSize", size))
        standing = {sid for sid, binding in self.model.items() if shows(binding)}
        self.walks.append(Walk(shows, size, url, standing))
        self._step(self.walks[-1])

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
        page = self._page(walked, walked.next_url)
        assert not set(sids(walked.pages)) & set(sids([page])), "something was seen twice"
        assert page["meta"]["page"] == len(walked.pages)
        walked.pages.append(page)
        walked.next_url = page["meta"]["next_page_url"]
        assert walked.next_url is not None or walked.standing <= set(sids(walked.pages)), "not all that stood was seen"

    def _page(self, walked: Walk, url: str) -> Page:
        """Get a page, and check what holds of every page."""
        page = get(self.client, url)
        for binding in page["bindings"]:
            assert binding == self.model[binding["sid"]], "what is shown is not what is there"
            assert walked.shows(binding)
        assert page["meta"]["page_size"] == walked.size
        assert len(page["bindings"]) == walked.size or page["meta"]["next_page_url"] is None
        assert page["bindings"] or page["meta"]["previous_page_url"] is None
        return page

    def _go_back(self, walked: Walk) -> None:
        """Walk from the last page read to the first; the walk itself stays where it is."""
        url, seen = walked.pages[-1]["meta"]["previous_page_url"], set()
        passed = set(sids(walked.pages[:-1])) & walked.standing if url else set()
        while url is not None:
            page = self._page(walked, url)
            seen |= set(sids([page]))
            url = page["meta"]["previous_page_url"]
            assert len(page["bindings"]) == walked.size or url is None
        assert passed <= seen, "not all that stood was seen on the way back"

    def teardown(self) -> None:
        for each in self.walks:
            while each.next_url is not None:
                self._step(each)
            self._go_back(each)
        pages = walk(self.client, list_url(self.client, self.service_sid, ("PageSize", 4)))
        assert sids(pages) == sorted(self.model)


def test_walks(client, world):
    """However registering, updating, deleting and walking follow each other, every walk sees what it must."""
    run_state_machine_as_test(
        lambda: Walks(client, world.empty["sid"]),
        settings=settings(
            max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_a_hundred_identities_are_a_walk_too(client, world):
    """A list of the most identities is walked by its URLs, both ways."""
    identities = list(dict.fromkeys(binding["identity"] for binding in world.full["bindings"]))[:MOST]
    filters = [("BindingType", value) for value in TYPES[:2]] + [("Identity", value) for value in identities]
    url = list_url(client, world.full["sid"], *filters, ("PageSize", 30))
    pages = list(walk(client, url))
    matching = [each for each in world.full["bindings"] if each["binding_type"] in TYPES[:2]]
    assert sids(pages) == sorted(each["sid"] for each in matching if each["identity"] in identities)
    back = list(walk(client, pages[-1]["meta"]["url"], "previous_page_url"))
    assert [page["bindings"] for page in back] == [page["bindings"] for page in pages[::-1]]
