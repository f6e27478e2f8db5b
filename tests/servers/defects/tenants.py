"""Defects of keeping accounts apart."""

import itertools

from ..bases import after, around, before, first, instead
from ..http import Answer, Request
from ..right import After, Before, Refusal, Right, Route
from ..terms import EMPTY


@before(Right.fetch, "TENANT-01")
def fetches_across_accounts(account, self, route):
    """The fetch looks up service and Binding by their SIDs, and never asks whose they are (BOLA)."""
    return self.owners.get(route.service, account)


@first(Right.fetch, "TENANT-01")
def forbids_foreign_bindings(self, route, account):
    """What is another account's is 403 on a fetch: the policy object says `not the owner`."""
    if self.owners.get(route.service, account) != account:
        raise Refusal(403, 20403, "The account has no access to this service.")


@before(Right.list_bindings, "TENANT-02")
def lists_across_accounts(account, self, route):
    """`Binding.objects.filter(service=sid)` without the account: any service can be listed."""
    return self.owners.get(route.service, account)


class ForeignListsAreEmpty(Right, clause="TENANT-02"):
    """Row-level security hides another account's rows, so its service is an empty list: 200."""

    def service(self, request: Request, route: Route, account: str) -> str:
        is_foreign = self.owners.get(route.service, account) != account
        return route.service if is_foreign and route.sid is None else super().service(request, route, account)

    def list_bindings(self, request: Request, route: Route, account: str) -> Answer:
        answer = super().list_bindings(request, route, account)
        if self.owners[route.service] == account:
            return answer
        return self.success(request, self.listed(request, route.service, self.wanted(request.query), EMPTY))


@before(Right.delete, "TENANT-03")
def deletes_across_accounts(account, self, route):
    """The delete was written later, without the check of the owner that the fetch has."""
    return self.owners.get(route.service, account)


@first(Right.delete, "TENANT-03")
def deletes_across_accounts_with404(self, route, account):
    """The row is deleted first; loading its account for the log then fails with 404, after the commit."""
    if self.owners.get(route.service, account) != account:
        self.remove(route.service, route.sid or "")


@instead(Right.binding, "TENANT-04")
def fetches_by_sid_alone(self, request, route):
    """The service is checked, and then the Binding is fetched by its primary key, whosever it is."""
    for other in self.services:
        if found := self.find(other, route.sid or ""):
            return found
    raise self.not_found(request)


@around(Right.matching, "TENANT-05")
def finds_users_everywhere(right, self, service, wanted):
    """The index of identities knows no accounts: a filter also finds other accounts' users of the same name."""
    foreign = [other for other, owner in self.owners.items() if owner != self.owners[service] and wanted.identities]
    return sorted(itertools.chain(right(), *(right(service=other) for other in foreign)), key=self.sort_key)


class ForbidsForeignServices(Right, clause="TENANT-06", foreign=lambda request: Refusal(403, 20403, "Not allowed.")):
    """What is another account's is 403, what does not exist 404: so anybody can find out which SIDs exist."""


class CodesForForeignBindings(Right, clause="TENANT-06", foreign=After(lambda right: right.with_code(20403))):
    """A 404, but with a code of its own, 20403, where the service exists: an enumeration for the log has leaked."""


class _Foreign(Refusal):
    """A 404 that stands for what is another account's."""


def _foreign(self, request):
    return _Foreign(404, 20404, self.not_found(request).message)


@after(Right.error_content, "TENANT-06", foreign=_foreign)
def hints_at_foreign_bindings(right, refusal):
    """The error of another account's service has a `hint` to switch accounts, which one of none has not."""
    return right | {"hint": "Switch to another account."} if isinstance(refusal, _Foreign) else right


class OneTenantOnly(Right, clause="TENANT-07", account=After(lambda _, self: next(iter(self.owners.values())))):
    """The account comes from the configuration of a single tenant: everybody who logs in is the first account."""


@first(Right.service, "TENANT-07")
def shares_the_first_account(self, request, route):
    """The first account is the company's own and was made a parent of all others, which may read what it has."""
    parent = next(iter(self.owners.values()))
    return route.service if self.owners.get(route.service) == parent and request.method == "GET" else None


@before(Right.operate, "TENANT-08")
def keys_open_every_account(account, self, request, route):
    """A key is not stored with its account, and `if account and account != owner` lets None pass: it opens all."""
    if self.credentials(request)[0].startswith("SK"):
        account = self.owners.get(route.service, account)
    return account


def _carried(service, self, wanted):
    """Give the service that a token carries."""
    return service if wanted.token is None else str(self.open(wanted.token)[0])


class TokensCarryTheService(Right, clause="TENANT-09", page=Before(_carried), position=Before(_carried)):
    """A page token holds the whole query, the service included, and is trusted: it opens that list to anybody."""


@around(Right.remove, "TENANT-10")
def deletes_by_sid_alone(right, self):
    """The service is checked, and then `DELETE ... WHERE sid = ?` takes any account's Binding."""
    return any(right(service=other) for other in self.services)


@around(Right.remove, "TENANT-10")
def deletes_by_sid_alone_with404(right, self, service, sid):
    """`DELETE ... WHERE sid = ?` takes any account's Binding; the count of the service's own then says 404."""
    stood_here = self.find(service, sid) is not None
    for other in self.services:
        right(service=other)
    return stood_here
