"""Defects of what a Binding looks like."""

import html
import re
import time
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from urllib.parse import quote, quote_plus
from uuid import UUID

from ..bases import after, change, instead
from ..right import Right

_ISO = "%Y-%m-%dT%H:%M:%SZ"
_EVERY_TYPE = ("removed_from_channel", "new_message", "added_to_channel", "invited_to_channel")


def _read(text: str) -> datetime:
    return datetime.strptime(text, _ISO).replace(tzinfo=UTC)


@after(Right.represent, "BINDING-01")
def leaves_out_what_is_empty(right):
    """The serializer leaves out what is empty (`omitempty` in Go), as message types may be."""
    return {name: value for name, value in right.items() if value}


class HasNoLinks(Right, clause="BINDING-01", represent=change(links=...)):
    """Links were left for the time when Users are served as well."""


@after(Right.represent, "BINDING-02")
def shows_all_columns(right):
    """`SELECT *` goes into the answer, with the columns that only the database needs."""
    return right | {"id": int(right["sid"][2:10], 16), "deleted_at": None}


class NamesItsObject(Right, clause="BINDING-02", represent=change(object="binding")):
    """Every resource says what it is, `"object": "binding"`, as Stripe's do."""


class SidsInCapitals(Right, clause="BINDING-03", represent=change(sid=str.upper)):
    """SIDs are stored as 16 bytes and written with `%X`."""


class SidsWithHyphens(Right, clause="BINDING-03", represent=change(sid=lambda value: f"BS{UUID(value[2:])}")):
    """The database's type UUID gives the digits back with hyphens."""


@after(Right.represent, "BINDING-04")
def accounts_are_numbers(right, self):
    """`account_sid` is the foreign key of the table of accounts: a number."""
    return right | {"account_sid": sorted(set(self.owners.values())).index(right["account_sid"]) + 1}


@after(Right.represent, "BINDING-05")
def swaps_account_and_service(right):
    """The row is mapped by position, and the two columns were added in the other order."""
    return right | {"account_sid": right["service_sid"], "service_sid": right["account_sid"]}


def _dates(write):
    """Make what writes both dates otherwise, given as the right texts."""
    return change(date_created=write, date_updated=write)


class DatesWithAnOffset(Right, clause="BINDING-06", represent=_dates(lambda text: _read(text).isoformat())):
    """`datetime.isoformat()` writes the offset, `+00:00`, and no Z."""


class DatesOfTheOldApi(Right, clause="BINDING-06", represent=_dates(lambda text: format_datetime(_read(text)))):
    """Dates are those of RFC 2822, `Fri, 21 Oct 2016 11:37:03 +0000`, as in Twilio's API of 2010."""


def _local(text: str) -> str:
    return _read(text).astimezone(timezone(timedelta(hours=2))).strftime(_ISO)


class DatesInLocalTime(Right, clause="BINDING-07", represent=_dates(_local)):
    """A naive datetime is local time for Python: dates are off by the server's two hours, and say Z."""


@after(Right.represent, "BINDING-07")
def created_is_updated(right):
    """The table has one column for time, that of the last update, and both properties come from it."""
    return right | {"date_created": right["date_updated"]}


@after(Right.represent, "BINDING-08")
def updated_with_milliseconds(right):
    """`date_updated` is set by the ORM's hook, whose type has milliseconds; `date_created` is the database's."""
    return right | {"date_updated": f"{right['date_updated'][:-1]}.000Z"}


@after(Right.represent, "BINDING-08")
def updated_is_a_number(right):
    """`date_updated` is the cache's version of the row, seconds since 1970."""
    return right | {"date_updated": int(_read(right["date_updated"]).timestamp())}


@after(Right.represent, "BINDING-09")
def updated_is_created(right):
    """`date_updated` has its default on insertion, and updates of a row never set it."""
    return right | {"date_updated": right["date_created"]}


@after(Right.represent, "BINDING-09")
def updated_is_now(right):
    """`date_updated` is a field of the serializer with `default=now`, so it is the time of the answer."""
    return right | {"date_updated": time.strftime(_ISO, time.gmtime())}


class CutsEndpoints(Right, clause="BINDING-10", represent=change(endpoint=lambda value: value[:255])):
    """The endpoint's column is a VARCHAR(255), and MySQL, not in strict mode, cuts what is longer."""


class TrimsEndpoints(Right, clause="BINDING-10", represent=change(endpoint=str.strip)):
    """Every text of a form is trimmed before it is stored, the endpoint too."""


class MasksEndpoints(Right, clause="BINDING-10", represent=change(endpoint=lambda value: "****" + value[-4:])):
    """Endpoints are personal data, so the team shows their last four characters alone."""


class ShowsIdentitiesEscaped(Right, clause="BINDING-11", represent=change(identity=html.escape)):
    """Texts are escaped for HTML on their way in, against XSS: `<b>` comes back as `&lt;b&gt;`."""


@after(Right.represent, "BINDING-11")
def shows_identities_normalised(right):
    """Identities are shown in NFC, as the framework's text field gives them."""
    return right | {"identity": unicodedata.normalize("NFC", right["identity"])}


@after(Right.represent, "BINDING-11")
def shows_no_control_characters(right):
    """The JSON library of old broke on control characters, so they are taken out of what is shown."""
    return right | {"identity": re.sub(r"[\x00-\x1f\x7f]", "", right["identity"])}


class TypesInCapitals(Right, clause="BINDING-12", represent=change(binding_type=str.upper)):
    """`binding_type` is the name of the enumeration's member, not its value."""


class GcmIsFcm(Right, clause="BINDING-12", represent=change(binding_type=lambda value: value.replace("gcm", "fcm"))):
    """Google replaced GCM by FCM, so a migration made `fcm` of every `gcm` that is shown."""


@after(Right.represent, "BINDING-13")
def one_credential_a_service(right, self):
    """An app has one credential, the team thought, and keeps it with the service: that of its first Binding."""
    first = next(iter(self.stored(right["service_sid"])), right)
    return right | {"credential_sid": first["credential_sid"]}


class CredentialIsNull(Right, clause="BINDING-13", represent=change(credential_sid=None)):
    """The credential is loaded lazily, and when the serializer comes the session is closed: null."""


class MessageTypesAreAText(Right, clause="BINDING-14", represent=change(message_types=",".join)):
    """Message types are stored in one column and shown as they stand there, with commas between them."""


@after(Right.represent, "BINDING-14")
def splits_message_types(right):
    """Message types are stored in one column and split at its commas, also at one that a type has in itself."""
    return right | {"message_types": [part for each in right["message_types"] for part in each.split(",")]}


@after(Right.represent, "BINDING-14")
def known_message_types_alone(right):
    """Message types are an enumeration of the four on Twilio's page, and others are dropped."""
    return right | {"message_types": [each for each in right["message_types"] if each in _EVERY_TYPE]}


class NoMessageTypesIsNull(Right, clause="BINDING-15", represent=change(message_types=lambda value: value or None)):
    """The column is NULL where there are no message types, and so is the property."""


@after(Right.represent, "BINDING-15")
def no_message_types_is_all(right):
    """A Binding without message types gets all messages, so all four types are shown in their place."""
    return right | {"message_types": right["message_types"] or _EVERY_TYPE}


class UrlIsAPath(Right, clause="BINDING-16", represent=change(url=lambda value: value[value.index("/v2/") :])):
    """`url_for` without `_external=True` gives a path."""


class UrlHasNoScheme(Right, clause="BINDING-16", represent=change(url=lambda value: value.partition(":")[2])):
    """The scheme is left to the client, `//host/...`, as web pages do."""


class UrlIsTheList(Right, clause="BINDING-17", represent=change(url=lambda value: value.rpartition("/")[0])):
    """`url` is that of the collection: the request's path was taken from the list's handler."""


class UrlLacksTheVersion(Right, clause="BINDING-17", represent=change(url=lambda value: value.replace("/v2/", "/"))):
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
