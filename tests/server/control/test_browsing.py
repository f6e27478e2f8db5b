"""The summary and the Bindings of any account, for the page."""

import httpx

from .conftest import OTHER, A, B, S, binding


def test_the_summary_counts_all_and_lists_the_services(served):
    """Of one moment; what was registered counts."""
    assert served.register().status_code == 201
    assert served.control.get("summary").json() == {
        "counts": {"accounts": 2, "keys": 0, "services": 2, "bindings": 4},
        "services": [
            {"account_sid": A, "sid": S, "bindings": 4},
            {"account_sid": B, "sid": OTHER, "bindings": 0},
        ],
    }


def browse(served, account=A, service=S, **parameters) -> httpx.Response:
    return served.control.get(f"accounts/{account}/services/{service}/bindings", params=parameters)


def test_bindings_are_browsed_as_they_are_listed(served):
    """By the same filters and pages, and as the contract shows them; the journal shows nothing of it."""
    listed = served.bindings().json()["bindings"]
    assert browse(served).json() == {"bindings": listed, "next": None}
    first = browse(served, PageSize=2).json()
    assert [one["sid"] for one in first["bindings"]] == [one["sid"] for one in listed[:2]]
    rest = browse(served, PageSize=2, PageToken=first["next"]).json()
    assert (rest["bindings"], rest["next"]) == (listed[2:], None)
    served.register("another")
    assert [one["identity"] for one in browse(served, Identity="another", BindingType="apn").json()["bindings"]] == [
        "another"
    ]
    assert browse(served, BindingType="gcm").json()["bindings"] == []
    assert {one["operation"] for one in served.requests()} == {"listBindings", "registerBinding"}


def test_a_binding_is_removed_and_a_reset_brings_it_back(served):
    """A missing Binding, or another account's, is a 404."""
    path = f"accounts/{A}/services/{S}/bindings/{binding(1)['sid']}"
    assert served.control.delete(path.replace(A, B)).status_code == 404
    assert served.control.delete(path).status_code == 204
    assert served.control.delete(path).status_code == 404
    assert len(served.bindings().json()["bindings"]) == 2
    served.control.post("reset")
    assert len(served.bindings().json()["bindings"]) == 3
    for account, service in ((A, OTHER), (B, S), ("AC1", S), (A, "IS1")):
        assert browse(served, account, service).status_code == 404
