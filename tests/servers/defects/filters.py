"""Defects of filtering a list."""

import itertools
from dataclasses import replace

from ..http import Answer, Request
from ..identities import ComparesIdentities
from ..right import Binding, Page, Position, Refusal, Right, Route, Wanted


class _Filters(Right):
    """The filters that are applied differ from those that were sent; `apply` gives them."""

    def apply(self, wanted: Wanted) -> Wanted:
        return wanted

    def matching(self, service: str, wanted: Wanted) -> list[Binding]:
        return super().matching(service, self.apply(wanted))


class IgnoresTypes(_Filters):
    """BindingType is read and validated, and then left out of the query."""

    clause = "FILTER-01"

    def apply(self, wanted: Wanted) -> Wanted:
        return replace(wanted, types=())


class GcmFindsFcm(_Filters):
    """GCM became FCM, so a filter for one of them gives both."""

    clause = "FILTER-01"

    def apply(self, wanted: Wanted) -> Wanted:
        google = {"gcm", "fcm"}
        return replace(wanted, types=tuple(google | set(wanted.types))) if google & set(wanted.types) else wanted


class LastTypeCounts(_Filters):
    """`dict(parse_qsl(query))` keeps the last BindingType alone."""

    clause = "FILTER-02"

    def apply(self, wanted: Wanted) -> Wanted:
        return replace(wanted, types=wanted.types[-1:])


class TypesNarrowEachOther(Right):
    """`.filter(type=...)` is chained for each BindingType: with two of them nothing matches."""

    clause = "FILTER-02"

    def is_wanted(self, binding: Binding, wanted: Wanted) -> bool:
        return len(set(wanted.types)) < 2 and super().is_wanted(binding, wanted)


class IgnoresIdentities(_Filters):
    """Identity is read and validated, and then left out of the query."""

    clause = "FILTER-03"

    def apply(self, wanted: Wanted) -> Wanted:
        return replace(wanted, identities=())


class FindsPartsOfIdentities(ComparesIdentities):
    """The filter is a search, `identity LIKE '%' || :value || '%'`, as the search field of the console has it."""

    clause = "FILTER-03"

    def is_same(self, identity: str, value: str) -> bool:
        return value in identity


class FindsBeginningsOfIdentities(ComparesIdentities):
    """An index of prefixes is asked, as for completion: `Test` and `TestUser` find `TestUser` with a space after it."""

    clause = "FILTER-03"

    def is_same(self, identity: str, value: str) -> bool:
        return identity.startswith(value)


class OneDeviceOfAUser(Right):
    """A user has one device, the team thought: `LIMIT 1` for each Identity."""

    clause = "FILTER-03"

    def matching(self, service: str, wanted: Wanted) -> list[Binding]:
        found = super().matching(service, wanted)
        if not wanted.identities:
            return found
        return sorted({each["identity"]: each for each in found}.values(), key=self.sort_key)


class HashesOfEightBits(ComparesIdentities):
    """The index of identities holds a hash, of which too little was kept, and hits are not compared again."""

    clause = "FILTER-03"

    def is_same(self, identity: str, value: str) -> bool:
        return sum(identity.encode()) % 256 == sum(value.encode()) % 256


class LastIdentityCounts(_Filters):
    """`query["Identity"]` is the last of several values."""

    clause = "FILTER-04"

    def apply(self, wanted: Wanted) -> Wanted:
        return replace(wanted, identities=wanted.identities[-1:])


class FirstIdentityCounts(_Filters):
    """`request.args.get("Identity")` is the first of several values."""

    clause = "FILTER-04"

    def apply(self, wanted: Wanted) -> Wanted:
        return replace(wanted, identities=wanted.identities[:1])


class IdentitiesNarrowEachOther(Right):
    """`.filter(identity=...)` is chained for each Identity: with two of them nothing matches."""

    clause = "FILTER-04"

    def is_wanted(self, binding: Binding, wanted: Wanted) -> bool:
        return len(set(wanted.identities)) < 2 and super().is_wanted(binding, wanted)


class FiltersWidenEachOther(Right):
    """The two filters are joined by OR: what matches either of them is shown."""

    clause = "FILTER-05"

    def is_wanted(self, binding: Binding, wanted: Wanted) -> bool:
        if wanted.types and wanted.identities:
            return binding["binding_type"] in wanted.types or binding["identity"] in wanted.identities
        return super().is_wanted(binding, wanted)


class IdentityBeatsType(_Filters):
    """`if identities: ... elif types: ...`: where both filters are sent, one is forgotten."""

    clause = "FILTER-05"

    def apply(self, wanted: Wanted) -> Wanted:
        return replace(wanted, types=()) if wanted.identities else wanted


class UnknownUsersAre404(Right):
    """The user is looked up before the Bindings are, and a user who is not there is 404."""

    clause = "FILTER-06"

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
        page = super().page(service, wanted, position)
        if wanted.identities and not page.bindings:
            raise Refusal(404, 20404, "The User was not found.")
        return page


class AllWhereNothingMatches(Right):
    """`matches or bindings`: where nothing matches, everything is shown."""

    clause = "FILTER-06"

    def matching(self, service: str, wanted: Wanted) -> list[Binding]:
        return super().matching(service, wanted) or super().matching(service, replace(wanted, types=(), identities=()))


class OneQueryAValue(Right):
    """Each value of Identity is a query of its own, and the results are put together, UNION ALL: twice is twice."""

    clause = "FILTER-07"

    def matching(self, service: str, wanted: Wanted) -> list[Binding]:
        if not wanted.identities:
            return super().matching(service, wanted)
        queries = [replace(wanted, identities=(each,)) for each in wanted.identities]
        found = itertools.chain.from_iterable(super(OneQueryAValue, self).matching(service, each) for each in queries)
        return sorted(found, key=self.sort_key)


class RefusesTheSameValueTwice(Right):
    """The schema of the filters says `uniqueItems: true`: a value that is sent twice is 400."""

    clause = "FILTER-07"

    def values(self, name: str, values: list[str]) -> tuple[str, ...]:
        if len(set(values)) < len(values):
            raise self.bad(f"{name} has non-unique elements.")
        return super().values(name, values)


class GroupsWithoutSorting(Right):
    """`dict(groupby(parameters))` without sorting: of what does not stand together only the last group is left."""

    clause = "FILTER-08"

    def parameters(self, query: str) -> list[tuple[str, str]]:
        given = super().parameters(query)
        groups = {name: list(group) for name, group in itertools.groupby(given, key=lambda pair: pair[0])}
        return [pair for group in groups.values() for pair in group]


class FiltersComeFirst(Right):
    """The query is read up to the first parameter of paging, since page URLs are made in that order."""

    clause = "FILTER-08"

    def parameters(self, query: str) -> list[tuple[str, str]]:
        given = super().parameters(query)
        names = [name for name, _ in given]
        end = next((number for number, name in enumerate(names) if name.startswith("Page")), len(given))
        return given[:end] + [pair for pair in given[end:] if pair[0].startswith("Page")]


class FiveValues(Right):
    """A filter takes five values, and a sixth is 400."""

    clause = "FILTER-09"

    def most_values(self) -> int:
        return 5


class DropsTheSixthValue(_Filters):
    """The query has five placeholders, and what comes after the fifth value is dropped."""

    clause = "FILTER-09"

    def apply(self, wanted: Wanted) -> Wanted:
        return replace(wanted, identities=wanted.identities[:5])


class FiltersAfterPaging(Right):
    """A page is read from the database, and then filtered: pages of filtered lists are not full, some are empty."""

    clause = "FILTER-10"

    def is_wanted(self, binding: Binding, wanted: Wanted) -> bool:
        return True

    def list_bindings(self, request: Request, route: Route, account: str) -> Answer:
        wanted = self.wanted(request.query)
        service = self.service(request, route, account)
        page = self.page(service, wanted, self.position(service, wanted))
        shown = [each for each in page.bindings if super(FiltersAfterPaging, self).is_wanted(each, wanted)]
        items = [self.represent(request, service, each) for each in shown]
        return self.success(request, {"meta": self.meta(request, service, wanted, page), "bindings": items})


class FiltersTheFirstPage(_Filters):
    """The query after a token is another one, and filters were not added to it: later pages show everything."""

    clause = "FILTER-10"

    def apply(self, wanted: Wanted) -> Wanted:
        return wanted if wanted.token is None else replace(wanted, types=(), identities=())


class UnknownTypesMatchNothing(Right):
    """BindingType is a text for the query, so one that does not exist finds nothing: 200."""

    clause = "FILTER-11"

    def types(self, values: list[str]) -> tuple[str, ...]:
        return self.values("BindingType", values)


class DropsUnknownTypes(Right):
    """Values that are no member of the enumeration are dropped, and without values there is no filter."""

    clause = "FILTER-11"

    def types(self, values: list[str]) -> tuple[str, ...]:
        return super().types([value for value in values if value in ("apn", "gcm", "fcm")])


class CrashesOnUnknownTypes(Right):
    """PostgreSQL refuses a text that is no value of its enum, and the DataError is a 500."""

    clause = "FILTER-11"

    def types(self, values: list[str]) -> tuple[str, ...]:
        try:
            return super().types(values)
        except Refusal as refusal:
            raise ValueError("invalid input value for enum binding_type") from refusal


class TypesInAnyCase(Right):
    """BindingType is made small before it is compared: `APN` is taken for apn."""

    clause = "FILTER-12"

    def types(self, values: list[str]) -> tuple[str, ...]:
        return super().types([value.lower() for value in values])


class SplitsTypes(Right):
    """BindingType is split at commas, as OpenAPI's `explode: false` has it."""

    clause = "FILTER-13"

    def types(self, values: list[str]) -> tuple[str, ...]:
        return super().types([part for value in values for part in value.split(",") if part])


class FindsUsersOfAllServices(Right):
    """The index of identities is the account's: a filter by Identity shows Bindings of its other services as well."""

    clause = "FILTER-14"

    def matching(self, service: str, wanted: Wanted) -> list[Binding]:
        if not wanted.identities:
            return super().matching(service, wanted)
        own = [other for other, owner in self.owners.items() if owner == self.owners[service]]
        found = itertools.chain.from_iterable(
            super(FindsUsersOfAllServices, self).matching(each, wanted) for each in own
        )
        return sorted(found, key=self.sort_key)
