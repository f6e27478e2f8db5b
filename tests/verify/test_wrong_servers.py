"""Each wrong server, in Python and on other stacks, is caught by the clause meant for it, with the failed case."""

import re

import pytest

from chat_bindings.verify.suite import clauses

from ..servers.stacks import STACKS, serving_on
from .judging import Wrong, describe, python_servers, servers_on, verified

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("unmeasured")]

_EVERY = 12
"""The share of the servers that `make test` verifies: one in so many."""

_BINDINGS = "GET BS.*, GET BS"
_PAGES = r"GET Bindings\?PageSize=7.*, GET Bindings\?PageSize=7&Page="
CASES = {
    "forbids-unknown-services": "BS.*, BS",
    "fetches-from-any-service-of-the-account": "BS.*, BS",
    "touches-what-it-reads": _BINDINGS,
    "numbers-as-text": "page of GET Bindings, page_size of GET Bindings",
    "page-urls-are-paths": "first_page_url of GET Bindings, url of GET Bindings, next_page_url of",
    "lists-summaries": _BINDINGS,
    "unknown-services-are-empty": "no parameter, an Identity",
    "one-buffer-for-all": "BS.*, BS",
    "filters-in-an-attribute": "GET Bindings.*, GET Bindings",
    "account-of-the-process": "a (fetch|list of the other's).*, an? ",
    "looks-then-deletes": "BS.*, BS",
    "gives-up-when-busy": "BS.*, BS",
    "leaves-the-index-of-types": "BS.* by BindingType, BS.* by BindingType",
    "leaves-the-index-of-identities": "by Identity, BS.* by Identity and BindingType",
    "deletes-in-unknown-services": "IS.*, IS",
    "takes-any-scheme": "the scheme Bearer, the scheme Digest, the scheme Token, the scheme Foo",
    "knows-no-keys": "a list, a fetch, a delete",
    "looks-before-it-asks": "a fetch of nothing, a list of no service, a fetch from no service",
    "validates-before-it-asks": "PageSize=0, PageSize=5000, BindingType=sms, Unknown=1",
    "deletes-before-it-asks": "no credentials, wrong ones",
    "finds-users-everywhere": "one identity, several identities",
    "forbids-foreign-services": "a fetch, a fetch of nothing, a list, a list with PageSize, a delete",
    "one-tenant-only": "a list, a fetch, a fetch from the first one's, a list of the first one's",
    "keys-open-every-account": "a list, a fetch",
    "tokens-carry-the-service": "token on the other's list, the other's token on the first one's list",
    "ignores-types": "BindingType=apn.*BindingType=gcm.*BindingType=fcm",
    "unknown-users-are404": "Identity=nobody%20has.*, Identity=nobody%C3%A9, .*&BindingType=",
    "groups-without-sorting": r"GET Bindings\?Identity=.*, GET Bindings\?PageSize=",
    "filters-after-paging": "BindingType=apn&PageSize=10, .*; .* cases fail: a walk with",
    "finds-users-of-all-services": r"Bindings\?Identity=\.\.\.&PageSize=1000, .*Bindings\?Identity=\.\.\.&Identity=",
    "broken-escapes-are-dropped": "Identity=%zz, PageSize=1000&Identity=%zz, Identity=%,",
    "page-urls-by-encode-uri": "url, first_page_url, next_page_url; .* users of IS",
    "shows-one-more": _PAGES,
    "page-size-of-the-settings": _PAGES,
    "one-is-too-small": "1 of IS.*, 1 of IS",
    "cursor-skips-one": "a walk with no parameters, a walk with PageSize=7",
    "pages-end-with-their-partition": r"GET Bindings, GET Bindings\?PageSize=50&Page=1",
    "first-has-a-previous": "GET Bindings, GET Bindings.*",
    "second-has-no-previous": r"GET Bindings\?PageSize=50.*, GET Bindings\?PageSize=7",
    "urls-forget-the-filters": r"GET Bindings\?PageSize=18&Page=0, GET Bindings\?PageSize=5&Page=0",
    "urls-have-the-default-size": r"GET Bindings\?PageSize=50&Page=0, GET Bindings\?PageSize=50&Page=1",
    "urls-keep-the-page": "next_page_url of page 0, .*previous_page_url of page 2, .*previous_page_url of page 9",
    "token-needs-the-page": "PageToken behind the parameters of .*, PageToken before the parameters of",
    "tokens-hold-their-filters": "BindingType, Identity, Identity and BindingType",
    "reads-leading-digits": r"PageSize=10abc, PageSize=1\.5, .*PageSize=1_0",
    "crashes-on-odd-pages": r"Page=-1, Page=abc, .*Page=5\.0, Page=1e1",
    "refuses-scalars-twice": "PageSize=7&PageSize=5, PageSize=3&PageSize=3, PageSize=1&PageSize=2",
    "refuses-without-its-cursor": "the last of a page, the first of a page",
    "previous-of-any-page": "the first page with Page=1, the first page with Page=3",
    "joins-what-is-sent-twice": "Page=3&Page=4, Page=4&Page=3, PageToken: one and another, PageToken: another and one",
    "preflight-forgets-authorization": "Authorization for GET Bindings, Authorization for GET BS.*, .* for DELETE BS",
    "compares-tags-before-it-asks": "without credentials, .*If-None-Match of GET BS",
    "tags-of-urls": r"If-None-Match of GET Bindings\?PageSize=1000, If-None-Match of GET Bindings\?PageSize=1000&",
    "errors-of-heads-have-bodies": r"the end of HEAD on Bindings\?PageSize=0, the end of HEAD on BS",
    "raw-bytes-are-no-query": r"Identity=\\xff, Identity\\xff=.*, BindingType=apn\\xff",
}
"""Cases that fail of some servers, which the violation names one after another."""

SERVERS = [
    pytest.param(server, marks=[pytest.mark.ci("all servers take minutes")] if number % _EVERY else [])
    for number, server in enumerate(python_servers())
]


@pytest.mark.parametrize("server", SERVERS, ids=lambda each: f"{each.clause}-{each.name}")
def test_wrong_server(server: Wrong, world_file):
    """The clause that is meant for a defect is violated, and the report has the expectation and the curl line."""
    with server.serving(world_file) as url:
        report = verified(url, world_file, [server.clause])
    [result] = report.results
    assert result.outcome == "failed", describe(report)
    assert result.expected
    assert result.actual
    assert "curl" in result.reproduce
    assert re.search(CASES.get(server.name, ""), result.detail), result.detail
    assert report.verdict == "violations"
    report.strict = False
    assert report.verdict == ("violations" if result.clause.level == "must" else "conformant")


ON = [pytest.param(stack, marks=pytest.mark.needs(tool)) for stack, tool in STACKS.items()]


@pytest.mark.ci("verifies a server on each stack")
@pytest.mark.parametrize("stack", ON)
def test_right_stack(stack, world_file):
    """The right server of each stack keeps every clause, none of which is skipped; each defect names its clause."""
    with serving_on(stack, world_file) as url:
        report = verified(url, world_file)
    assert (report.verdict, describe(report)) == ("conformant", [])
    defects = servers_on(stack)
    assert len({each.name for each in defects}) == len(defects) >= 12
    assert {each.clause for each in defects} <= {clause.id for clause in clauses()}
    assert all(each.defect.endswith(".") for each in defects)


WRONG_ON = [
    pytest.param(
        stack,
        marks=[
            pytest.mark.needs(tool),
            *([pytest.mark.nightly("starts Node.js for each of some 45 servers")] if stack != "Go" else []),
        ],
    )
    for stack, tool in STACKS.items()
]


@pytest.mark.ci("verifies all wrong servers in Go")
@pytest.mark.parametrize("stack", WRONG_ON)
def test_wrong_stack(stack, world_file):
    """The clause that is meant for a defect is violated, for every defect of a stack."""
    missed = []
    for server in servers_on(stack):
        with server.serving(world_file) as url:
            report = verified(url, world_file, [server.clause])
        if [result.outcome for result in report.results] != ["failed"]:
            missed.append((server.name, describe(report)))
    assert missed == []
