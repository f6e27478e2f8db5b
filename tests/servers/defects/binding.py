"""Defects of what a Binding looks like."""

import html
import re
import time
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus
from uuid import UUID

from ..bases import Json, ShowsBindings, after, instead
from ..http import Request
from ..right import Binding, Right, only

_ISO = "%Y-%m-%dT%H:%M:%SZ"
_EVERY_TYPE = ("removed_from_channel", "new_message", "added_to_channel", "invited_to_channel")


def _read(text: str) -> datetime:
    return datetime.strptime(text, _ISO).replace(tzinfo=UTC)


@after(Right.represent, "BINDING-01")
def leaves_out_what_is_empty(right):
    """The serializer leaves out what is empty (`omitempty` in Go), as message types may be."""
    return {name: value for name, value in right.items() if value}


class HasNoLinks(ShowsBindings, clause="BINDING-01", links=...):
    """Links were left for the time when Users are served as well."""


@after(Right.represent, "BINDING-02")
def shows_all_columns(right):
    """`SELECT *` goes into the answer, with the columns that only the database needs."""
    return right | {"id": int(right["sid"][2:10], 16), "deleted_at": None}


class NamesItsObject(ShowsBindings, clause="BINDING-02", object="binding"):
    """Every resource says what it is, `"object": "binding"`, as Stripe's do."""


class SidsInCapitals(ShowsBindings, clause="BINDING-03", sid=str.upper):
    """SIDs are stored as 16 bytes and written with `%X`."""


class SidsWithHyphens(ShowsBindings, clause="BINDING-03", sid=lambda value: f"BS{UUID(value[2:])}"):
    """The database's type UUID gives the digits back with hyphens."""


@after(Right.represent, "BINDING-04")
def accounts_are_numbers(right, self):
    """`account_sid` is the foreign key of the table of accounts: a number."""
    return right | {"account_sid": sorted(set(self.owners.values())).index(right["account_sid"]) + 1}


@after(Right.represent, "BINDING-05")
def swaps_account_and_service(right):
    """The row is mapped by position, and the two columns were added in the other order."""
    return right | {"account_sid": right["service_sid"], "service_sid": right["account_sid"]}


class _WritesDates(Right):
    """Both dates are written in another form."""

    def date(self, right: str) -> Any:
        return right

    def represent(self, request: Request, service: str, binding: Binding) -> Json:
        right = super().represent(request, service, binding)
        return right | {name: self.date(right[name]) for name in ("date_created", "date_updated")}


class DatesWithAnOffset(_WritesDates, clause="BINDING-06", date=lambda right: _read(right).isoformat()):
    """`datetime.isoformat()` writes the offset, `+00:00`, and no Z."""


class DatesOfTheOldApi(_WritesDates, clause="BINDING-06", date=lambda right: format_datetime(_read(right))):
    """Dates are those of RFC 2822, `Fri, 21 Oct 2016 11:37:03 +0000`, as in Twilio's API of 2010."""


@instead(_WritesDates.date, "BINDING-07")
def dates_in_local_time(right):
    """A naive datetime is local time for Python: dates are off by the server's two hours, and say Z."""
    return _read(right).astimezone(timezone(timedelta(hours=2))).strftime(_ISO)


@after(Right.represent, "BINDING-07")
def created_is_updated(right):
    """The table has one column for time, that of the last update, and both properties come from it."""
    return right | {"date_created": right["date_updated"]}


class UpdatedWithMilliseconds(ShowsBindings, clause="BINDING-08", date_updated=lambda value: f"{value[:-1]}.000Z"):
    """`date_updated` is set by the ORM's hook, whose type has milliseconds; `date_created` is the database's."""


class UpdatedIsANumber(ShowsBindings, clause="BINDING-08", date_updated=lambda value: int(_read(value).timestamp())):
    """`date_updated` is the cache's version of the row, seconds since 1970."""


@after(Right.represent, "BINDING-09")
def updated_is_created(right):
    """`date_updated` has its default on insertion, and updates of a row never set it."""
    return right | {"date_updated": right["date_created"]}


class UpdatedIsNow(ShowsBindings, clause="BINDING-09", date_updated=lambda _: time.strftime(_ISO, time.gmtime())):
    """`date_updated` is a field of the serializer with `default=now`, so it is the time of the answer."""


class CutsEndpoints(ShowsBindings, clause="BINDING-10", endpoint=lambda value: value[:255]):
    """The endpoint's column is a VARCHAR(255), and MySQL, not in strict mode, cuts what is longer."""


class TrimsEndpoints(ShowsBindings, clause="BINDING-10", endpoint=str.strip):
    """Every text of a form is trimmed before it is stored, the endpoint too."""


class MasksEndpoints(ShowsBindings, clause="BINDING-10", endpoint=lambda value: "****" + value[-4:]):
    """Endpoints are personal data, so the team shows their last four characters alone."""


class ShowsIdentitiesEscaped(ShowsBindings, clause="BINDING-11", identity=html.escape):
    """Texts are escaped for HTML on their way in, against XSS: `<b>` comes back as `&lt;b&gt;`."""


class ShowsIdentitiesNormalised(ShowsBindings, clause="BINDING-11", identity=partial(unicodedata.normalize, "NFC")):
    """Identities are shown in NFC, as the framework's text field gives them."""


class ShowsNoControlCharacters(ShowsBindings, clause="BINDING-11", identity=partial(re.sub, r"[\x00-\x1f\x7f]", "")):
    """The JSON library of old broke on control characters, so they are taken out of what is shown."""


class TypesInCapitals(ShowsBindings, clause="BINDING-12", binding_type=str.upper):
    """`binding_type` is the name of the enumeration's member, not its value."""


class GcmIsFcm(ShowsBindings, clause="BINDING-12", binding_type=lambda value: value.replace("gcm", "fcm")):
    """Google replaced GCM by FCM, so a migration made `fcm` of every `gcm` that is shown."""


@after(Right.represent, "BINDING-13")
def one_credential_a_service(right, self):
    """An app has one credential, the team thought, and keeps it with the service: that of its first Binding."""
    first = next(iter(self.stored(right["service_sid"])), right)
    return right | {"credential_sid": first["credential_sid"]}


class CredentialIsNull(ShowsBindings, clause="BINDING-13", credential_sid=None):
    """The credential is loaded lazily, and when the serializer comes the session is closed: null."""


class MessageTypesAreAText(ShowsBindings, clause="BINDING-14", message_types=",".join):
    """Message types are stored in one column and shown as they stand there, with commas between them."""


@after(Right.represent, "BINDING-14")
def splits_message_types(right):
    """Message types are stored in one column and split at its commas, also at one that a type has in itself."""
    return right | {"message_types": [part for each in right["message_types"] for part in each.split(",")]}


class KnownMessageTypesAlone(ShowsBindings, clause="BINDING-14", message_types=only(lambda each: each in _EVERY_TYPE)):
    """Message types are an enumeration of the four on Twilio's page, and others are dropped."""


class NoMessageTypesIsNull(ShowsBindings, clause="BINDING-15", message_types=lambda value: value or None):
    """The column is NULL where there are no message types, and so is the property."""


class NoMessageTypesIsAll(ShowsBindings, clause="BINDING-15", message_types=lambda value: value or _EVERY_TYPE):
    """A Binding without message types gets all messages, so all four types are shown in their place."""


class UrlIsAPath(ShowsBindings, clause="BINDING-16", url=lambda value: value[value.index("/v2/") :]):
    """`url_for` without `_external=True` gives a path."""


class UrlHasNoScheme(ShowsBindings, clause="BINDING-16", url=lambda value: value.partition(":")[2]):
    """The scheme is left to the client, `//host/...`, as web pages do."""


class UrlIsTheList(ShowsBindings, clause="BINDING-17", url=lambda value: value.rpartition("/")[0]):
    """`url` is that of the collection: the request's path was taken from the list's handler."""


class UrlLacksTheVersion(ShowsBindings, clause="BINDING-17", url=lambda value: value.replace("/v2/", "/")):
    """The application is mounted under `/v2` by a proxy that it knows nothing of, so its URLs lack that."""


class LinkLeavesSlashes(Right, clause="BINDING-18", identity_in_path=quote):
    """`quote(identity)` leaves a slash alone: that is the default of Python's."""


class LinkHasPluses(Right, clause="BINDING-18", identity_in_path=quote_plus):
    """`quote_plus`, made for forms, writes a space in the path as `+`."""


@instead(Right.identity_in_path, "BINDING-18")
def link_is_encoded_twice(identity):
    """The identity is percent-encoded by hand, and the URL builder does it once more."""
    return quote(quote(identity, safe=""), safe="")


class LinkIsNotEncoded(Right, clause="BINDING-18", identity_in_path=lambda identity: identity):
    """`links.user` is an f-string: the identity stands in it as it is."""


@instead(Right.identity_in_path, "BINDING-19")
def link_leaves_brackets(identity):
    """`links.user` is made by encodeURI, with `/`, `?`, `#` and `%` encoded by hand: brackets were not thought of."""
    return quote(identity, safe="!*'();:@&=+$,[]")


@instead(Right.identity_in_path, "BINDING-19")
def link_leaves_what_browsers_leave(identity):
    """`links.user` encodes what the URL standard asks for in a path and no more: `| ^ \\ [ ]` stay."""
    return quote(identity, safe="!$&'()*+,;=:@|^\\[]")
