"""Defects of what a Binding looks like."""

import html
import re
import time
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, quote_plus

from ..http import Request
from ..right import Binding, Right

_ISO = "%Y-%m-%dT%H:%M:%SZ"


def _read(text: str) -> datetime:
    return datetime.strptime(text, _ISO).replace(tzinfo=UTC)


class _Shows(Right):
    """Bindings are shown with other properties; `show` gives those that differ."""

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {}

    def represent(self, request: Request, service: str, binding: Binding) -> dict[str, Any]:
        right = super().represent(request, service, binding)
        return right | self.show(binding, right)


class LeavesOutWhatIsEmpty(_Shows):
    """The serializer leaves out what is empty (`omitempty` in Go), as message types may be."""

    clause = "BINDING-01"

    def represent(self, request: Request, service: str, binding: Binding) -> dict[str, Any]:
        return {name: value for name, value in super().represent(request, service, binding).items() if value}


class HasNoLinks(Right):
    """Links were left for the time when Users are served as well."""

    clause = "BINDING-01"

    def represent(self, request: Request, service: str, binding: Binding) -> dict[str, Any]:
        right = super().represent(request, service, binding)
        del right["links"]
        return right


class ShowsAllColumns(_Shows):
    """`SELECT *` goes into the answer, with the columns that only the database needs."""

    clause = "BINDING-02"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"id": int(binding["sid"][2:10], 16), "deleted_at": None}


class NamesItsObject(_Shows):
    """Every resource says what it is, `"object": "binding"`, as Stripe's do."""

    clause = "BINDING-02"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"object": "binding"}


class SidsInCapitals(_Shows):
    """SIDs are stored as 16 bytes and written with `%X`."""

    clause = "BINDING-03"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"sid": binding["sid"].upper()}


class SidsWithHyphens(_Shows):
    """The database's type UUID gives the digits back with hyphens."""

    clause = "BINDING-03"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        digits = binding["sid"][2:]
        parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
        return {"sid": f"BS{'-'.join(parts)}"}


class AccountsAreNumbers(_Shows):
    """`account_sid` is the foreign key of the table of accounts: a number."""

    clause = "BINDING-04"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"account_sid": sorted(set(self.owners.values())).index(right["account_sid"]) + 1}


class SwapsAccountAndService(_Shows):
    """The row is mapped by position, and the two columns were added in the other order."""

    clause = "BINDING-05"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"account_sid": right["service_sid"], "service_sid": right["account_sid"]}


class _WritesDates(_Shows):
    """Dates are written in another form."""

    dates: tuple[str, ...] = ("date_created", "date_updated")

    def date(self, right: str) -> Any:
        return right

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {name: self.date(right[name]) for name in self.dates}


class DatesWithAnOffset(_WritesDates):
    """`datetime.isoformat()` writes the offset, `+00:00`, and no Z."""

    clause = "BINDING-06"

    def date(self, right: str) -> Any:
        return _read(right).isoformat()


class DatesOfTheOldApi(_WritesDates):
    """Dates are those of RFC 2822, `Fri, 21 Oct 2016 11:37:03 +0000`, as in Twilio's API of 2010."""

    clause = "BINDING-06"

    def date(self, right: str) -> Any:
        return format_datetime(_read(right))


class DatesInLocalTime(_WritesDates):
    """A naive datetime is local time for Python: dates are off by the server's two hours, and say Z."""

    clause = "BINDING-07"

    def date(self, right: str) -> Any:
        return _read(right).astimezone(timezone(timedelta(hours=2))).strftime(_ISO)


class CreatedIsUpdated(_Shows):
    """The table has one column for time, that of the last update, and both properties come from it."""

    clause = "BINDING-07"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"date_created": right["date_updated"]}


class UpdatedWithMilliseconds(_WritesDates):
    """`date_updated` is set by the ORM's hook, whose type has milliseconds; `date_created` is the database's."""

    clause = "BINDING-08"
    dates = ("date_updated",)

    def date(self, right: str) -> Any:
        return right.replace("Z", ".000Z")


class UpdatedIsANumber(_WritesDates):
    """`date_updated` is the cache's version of the row, seconds since 1970."""

    clause = "BINDING-08"
    dates = ("date_updated",)

    def date(self, right: str) -> Any:
        return int(_read(right).timestamp())


class UpdatedIsCreated(_Shows):
    """`date_updated` has its default on insertion, and updates of a row never set it."""

    clause = "BINDING-09"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"date_updated": right["date_created"]}


class UpdatedIsNow(_Shows):
    """`date_updated` is a field of the serializer with `default=now`, so it is the time of the answer."""

    clause = "BINDING-09"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"date_updated": time.strftime(_ISO, time.gmtime())}


class CutsEndpoints(_Shows):
    """The endpoint's column is a VARCHAR(255), and MySQL, not in strict mode, cuts what is longer."""

    clause = "BINDING-10"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"endpoint": right["endpoint"][:255]}


class TrimsEndpoints(_Shows):
    """Every text of a form is trimmed before it is stored, the endpoint too."""

    clause = "BINDING-10"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"endpoint": right["endpoint"].strip()}


class MasksEndpoints(_Shows):
    """Endpoints are personal data, so the team shows their last four characters alone."""

    clause = "BINDING-10"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"endpoint": "****" + right["endpoint"][-4:]}


class ShowsIdentitiesEscaped(_Shows):
    """Texts are escaped for HTML on their way in, against XSS: `<b>` comes back as `&lt;b&gt;`."""

    clause = "BINDING-11"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"identity": html.escape(right["identity"])}


class ShowsIdentitiesNormalised(_Shows):
    """Identities are shown in NFC, as the framework's text field gives them."""

    clause = "BINDING-11"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"identity": unicodedata.normalize("NFC", right["identity"])}


class ShowsNoControlCharacters(_Shows):
    """The JSON library of old broke on control characters, so they are taken out of what is shown."""

    clause = "BINDING-11"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"identity": re.sub(r"[\x00-\x1f\x7f]", "", right["identity"])}


class TypesInCapitals(_Shows):
    """`binding_type` is the name of the enumeration's member, not its value."""

    clause = "BINDING-12"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"binding_type": right["binding_type"].upper()}


class GcmIsFcm(_Shows):
    """Google replaced GCM by FCM, so a migration made `fcm` of every `gcm` that is shown."""

    clause = "BINDING-12"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"binding_type": right["binding_type"].replace("gcm", "fcm")}


class OneCredentialAService(Right):
    """An app has one credential, the team thought, and keeps it with the service: that of its first Binding."""

    clause = "BINDING-13"

    def represent(self, request: Request, service: str, binding: Binding) -> dict[str, Any]:
        right = super().represent(request, service, binding)
        with self.lock:
            first = next(iter(self.services[service].values()), binding)
        return right | {"credential_sid": first["credential_sid"]}


class CredentialIsNull(_Shows):
    """The credential is loaded lazily, and when the serializer comes the session is closed: null."""

    clause = "BINDING-13"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"credential_sid": None}


class MessageTypesAreAText(_Shows):
    """Message types are stored in one column and shown as they stand there, with commas between them."""

    clause = "BINDING-14"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"message_types": ",".join(right["message_types"])}


class SplitsMessageTypes(Right):
    """Message types are stored in one column and split at its commas, also at one that a type has in itself."""

    clause = "BINDING-14"

    def message_types(self, binding: Binding) -> list[str]:
        return [part for each in binding["message_types"] for part in each.split(",")]


class KnownMessageTypesAlone(Right):
    """Message types are an enumeration of the four on Twilio's page, and others are dropped."""

    clause = "BINDING-14"

    def message_types(self, binding: Binding) -> list[str]:
        known = ("removed_from_channel", "new_message", "added_to_channel", "invited_to_channel")
        return [each for each in binding["message_types"] if each in known]


class NoMessageTypesIsNull(_Shows):
    """The column is NULL where there are no message types, and so is the property."""

    clause = "BINDING-15"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"message_types": right["message_types"] or None}


class NoMessageTypesIsAll(Right):
    """A Binding without message types gets all messages, so all four types are shown in their place."""

    clause = "BINDING-15"

    def message_types(self, binding: Binding) -> list[str]:
        every = ["removed_from_channel", "new_message", "added_to_channel", "invited_to_channel"]
        return super().message_types(binding) or every


class UrlIsAPath(_Shows):
    """`url_for` without `_external=True` gives a path."""

    clause = "BINDING-16"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"url": right["url"][right["url"].index("/v2/") :]}


class UrlHasNoScheme(_Shows):
    """The scheme is left to the client, `//host/...`, as web pages do."""

    clause = "BINDING-16"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"url": right["url"].partition(":")[2]}


class UrlIsTheList(_Shows):
    """`url` is that of the collection: the request's path was taken from the list's handler."""

    clause = "BINDING-17"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"url": right["url"].rpartition("/")[0]}


class UrlLacksTheVersion(_Shows):
    """The application is mounted under `/v2` by a proxy that it knows nothing of, so its URLs lack that."""

    clause = "BINDING-17"

    def show(self, binding: Binding, right: dict[str, Any]) -> dict[str, Any]:
        return {"url": right["url"].replace("/v2/", "/")}


class LinkLeavesSlashes(Right):
    """`quote(identity)` leaves a slash alone: that is the default of Python's."""

    clause = "BINDING-18"

    def identity_in_path(self, identity: str) -> str:
        return quote(identity)


class LinkHasPluses(Right):
    """`quote_plus`, made for forms, writes a space in the path as `+`."""

    clause = "BINDING-18"

    def identity_in_path(self, identity: str) -> str:
        return quote_plus(identity)


class LinkIsEncodedTwice(Right):
    """The identity is percent-encoded by hand, and the URL builder does it once more."""

    clause = "BINDING-18"

    def identity_in_path(self, identity: str) -> str:
        return quote(quote(identity, safe=""), safe="")


class LinkIsNotEncoded(Right):
    """`links.user` is an f-string: the identity stands in it as it is."""

    clause = "BINDING-18"

    def identity_in_path(self, identity: str) -> str:
        return identity


class LinkLeavesBrackets(Right):
    """`links.user` is made by encodeURI, with `/`, `?`, `#` and `%` encoded by hand: brackets were not thought of."""

    clause = "BINDING-19"

    def identity_in_path(self, identity: str) -> str:
        return quote(identity, safe="!*'();:@&=+$,[]")


class LinkLeavesWhatBrowsersLeave(Right):
    """`links.user` encodes what the URL standard asks for in a path and no more: `| ^ \\ [ ]` stay."""

    clause = "BINDING-19"

    def identity_in_path(self, identity: str) -> str:
        return quote(identity, safe="!$&'()*+,;=:@|^\\[]")
