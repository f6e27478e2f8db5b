"""Defects of filtering a list."""

import itertools
from dataclasses import replace

from ..bases import ComparesIdentities, after, around, before, first, instead
from ..right import Before, Binding, Caught, Refusal, Right, Wanted, each, only
from ..terms import TYPES


class _Filters(Right):
    """The filters that are applied differ from those that were sent; `apply` gives them."""

    def apply(self, wanted: Wanted) -> Wanted:
        return wanted

    def matching(self, service: str, wanted: Wanted) -> list[Binding]:
        return super().matching(service, self.apply(wanted))


class IgnoresTypes(_Filters, clause="FILTER-01", apply=lambda wanted: replace(wanted, types=())):
    """BindingType is read and validated, and then left out of the query."""


@instead(_Filters.apply, "FILTER-01")
def gcm_finds_fcm(wanted):
    """GCM became FCM, so a filter for one of them gives both."""
    google = {"gcm", "fcm"}
    return replace(wanted, types=tuple(google | set(wanted.types))) if google & set(wanted.types) else wanted


class LastTypeCounts(_Filters, clause="FILTER-02", apply=lambda wanted: replace(wanted, types=wanted.types[-1:])):
    """`dict(parse_qsl(query))` keeps the last BindingType alone."""


@around(Right.is_wanted, "FILTER-02")
def types_narrow_each_other(right, wanted):
    """`.filter(type=...)` is chained for each BindingType: with two of them nothing matches."""
    return len(set(wanted.types)) < 2 and right()


class IgnoresIdentities(_Filters, clause="FILTER-03", apply=lambda wanted: replace(wanted, identities=())):
    """Identity is read and validated, and then left out of the query."""


class FindsPartsOfIdentities(ComparesIdentities, clause="FILTER-03", is_same=lambda identity, value: value in identity):
    """The filter is a search, `identity LIKE '%' || :value || '%'`, as the search field of the console has it."""


@instead(ComparesIdentities.is_same, "FILTER-03")
def finds_beginnings_of_identities(identity, value):
    """An index of prefixes is asked, as for completion: `Test` and `TestUser` find `TestUser` with a space after it."""
    return identity.startswith(value)


@after(Right.matching, "FILTER-03")
def one_device_of_a_user(found, self, wanted):
    """A user has one device, the team thought: `LIMIT 1` for each Identity."""
    if not wanted.identities:
        return found
    return sorted({each["identity"]: each for each in found}.values(), key=self.sort_key)


@instead(ComparesIdentities.is_same, "FILTER-03")
def hashes_of_eight_bits(identity, value):
    """The index of identities holds a hash, of which too little was kept, and hits are not compared again."""
    return sum(identity.encode()) % 256 == sum(value.encode()) % 256


class LastIdentityCounts(_Filters, clause="FILTER-04", apply=lambda it: replace(it, identities=it.identities[-1:])):
    """`query["Identity"]` is the last of several values."""


class FirstIdentityCounts(_Filters, clause="FILTER-04", apply=lambda it: replace(it, identities=it.identities[:1])):
    """`request.args.get("Identity")` is the first of several values."""


@around(Right.is_wanted, "FILTER-04")
def identities_narrow_each_other(right, wanted):
    """`.filter(identity=...)` is chained for each Identity: with two of them nothing matches."""
    return len(set(wanted.identities)) < 2 and right()


@first(Right.is_wanted, "FILTER-05")
def filters_widen_each_other(binding, wanted):
    """The two filters are joined by OR: what matches either of them is shown."""
    if wanted.types and wanted.identities:
        return binding["binding_type"] in wanted.types or binding["identity"] in wanted.identities
    return None


class IdentityBeatsType(_Filters, clause="FILTER-05", apply=lambda it: replace(it, types=()) if it.identities else it):
    """`if identities: ... elif types: ...`: where both filters are sent, one is forgotten."""


@after(Right.page, "FILTER-06")
def unknown_users_are404(page, wanted):
    """The user is looked up before the Bindings are, and a user who is not there is 404."""
    if wanted.identities and not page.bindings:
        raise Refusal(404, 20404, "The User was not found.")
    return page


@around(Right.matching, "FILTER-06")
def all_where_nothing_matches(right, wanted):
    """`matches or bindings`: where nothing matches, everything is shown."""
    return right() or right(wanted=replace(wanted, types=(), identities=()))


@around(Right.matching, "FILTER-07")
def one_query_a_value(right, self, wanted):
    """Each value of Identity is a query of its own, and the results are put together, UNION ALL: twice is twice."""
    if not wanted.identities:
        return right()
    queries = [right(wanted=replace(wanted, identities=(each,))) for each in wanted.identities]
    return sorted(itertools.chain(*queries), key=self.sort_key)


@first(Right.values, "FILTER-07")
def refuses_the_same_value_twice(self, name, values):
    """The schema of the filters says `uniqueItems: true`: a value that is sent twice is 400."""
    if len(set(values)) < len(values):
        raise self.bad(f"{name} has non-unique elements.")


@after(Right.parameters, "FILTER-08")
def groups_without_sorting(given):
    """`dict(groupby(parameters))` without sorting: of what does not stand together only the last group is left."""
    groups = {name: list(group) for name, group in itertools.groupby(given, key=lambda pair: pair[0])}
    return [pair for group in groups.values() for pair in group]


@after(Right.parameters, "FILTER-08")
def filters_come_first(given):
    """The query is read up to the first parameter of paging, since page URLs are made in that order."""
    names = [name for name, _ in given]
    end = next((number for number, name in enumerate(names) if name.startswith("Page")), len(given))
    return given[:end] + [pair for pair in given[end:] if pair[0].startswith("Page")]


class FiveValues(Right, clause="FILTER-09", most_values=5):
    """A filter takes five values, and a sixth is 400."""


class DropsTheSixthValue(_Filters, clause="FILTER-09", apply=lambda it: replace(it, identities=it.identities[:5])):
    """The query has five placeholders, and what comes after the fifth value is dropped."""


@after(Right.listed, "FILTER-10", is_wanted=lambda binding, wanted: True)
def filters_after_paging(right, self, wanted):
    """A page is read from the database, and then filtered: pages of filtered lists are not full, some are empty."""
    return right | {"bindings": [each for each in right["bindings"] if Right.is_wanted(self, each, wanted)]}


@instead(_Filters.apply, "FILTER-10")
def filters_the_first_page(wanted):
    """The query after a token is another one, and filters were not added to it: later pages show everything."""
    return wanted if wanted.token is None else replace(wanted, types=(), identities=())


@instead(Right.types, "FILTER-11")
def unknown_types_match_nothing(self, values):
    """BindingType is a text for the query, so one that does not exist finds nothing: 200."""
    return self.values("BindingType", values)


class DropsUnknownTypes(Right, clause="FILTER-11", types=Before(only(lambda value: value in TYPES))):
    """Values that are no member of the enumeration are dropped, and without values there is no filter."""


class CrashesOnUnknownTypes(Right, clause="FILTER-11", types=Caught(lambda refusal: ValueError("invalid enum value"))):
    """PostgreSQL refuses a text that is no value of its enum, and the DataError is a 500."""


class TypesInAnyCase(Right, clause="FILTER-12", types=Before(each(str.lower))):
    """BindingType is made small before it is compared: `APN` is taken for apn."""


@before(Right.types, "FILTER-13")
def splits_types(values):
    """BindingType is split at commas, as OpenAPI's `explode: false` has it."""
    return [part for value in values for part in value.split(",") if part]


@around(Right.matching, "FILTER-14")
def finds_users_of_all_services(right, self, service, wanted):
    """The index of identities is the account's: a filter by Identity shows Bindings of its other services as well."""
    if not wanted.identities:
        return right()
    own = [right(service=other) for other, owner in self.owners.items() if owner == self.owners[service]]
    return sorted(itertools.chain(*own), key=self.sort_key)
