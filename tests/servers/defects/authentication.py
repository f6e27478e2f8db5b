"""Defects of telling who asks."""

import base64
from typing import Any

from ..http import Answer, Request
from ..right import Refusal, Right


class _Opens(Right):
    """Something is done for whoever owns the service, without credentials; `is_open` says what."""

    def is_open(self, request: Request) -> bool:
        return False

    def account(self, request: Request) -> str:
        if not self.is_open(request):
            return super().account(request)
        route = self.route(request)
        return self.owners.get(route.service if route else "", "")


class ListsWithoutCredentials(_Opens):
    """The list was opened for a demonstration, and was never closed again."""

    clause = "AUTH-01"

    def is_open(self, request: Request) -> bool:
        return request.method == "GET" and request.path.endswith("/Bindings")


class DeletesWithoutCredentials(_Opens):
    """The decorator `@login_required` stands above the handlers of GET, and was forgotten above the delete."""

    clause = "AUTH-01"

    def is_open(self, request: Request) -> bool:
        return request.method == "DELETE"


class TakesAnyToken(Right):
    """The account's SID is looked up, and the token never: the gateway was thought to do that."""

    clause = "AUTH-02"

    def is_secret(self, secret: str, password: str) -> bool:
        return True


class ForbidsWrongTokens(Right):
    """Who names an account and has the wrong token is known but not allowed, the team says: 403."""

    clause = "AUTH-02"

    def account(self, request: Request) -> str:
        user, password = self.credentials(request)
        account, secret = self.login(user)
        if not self.is_secret(secret, password):
            raise Refusal(403, 20003, "The token is wrong.")
        return account


class CrashesOnUnknownAccounts(Right):
    """`accounts[sid]` raises a KeyError for an account that does not exist: 500."""

    clause = "AUTH-03"

    def login(self, user: str) -> tuple[str, str]:
        return self.logins[user]


class UnknownAccountsAre404(Right):
    """`get_object_or_404(Account, sid=...)` looks the account up, and that is a 404."""

    clause = "AUTH-03"

    def login(self, user: str) -> tuple[str, str]:
        if user not in self.logins:
            raise Refusal(404, 20404, "The account was not found.")
        return super().login(user)


class KnowsTwoKindsOfUsers(Right):
    """`{"AC": accounts, "SK": keys}[user[:2]]` raises at a user whose name begins otherwise: 500."""

    clause = "AUTH-03"

    def login(self, user: str) -> tuple[str, str]:
        if user and user[:2] not in ("AC", "SK"):
            raise KeyError(user[:2])
        return super().login(user)


class MalformedCredentialsAre400(Right):
    """A header that cannot be read is a bad request, the library says: 400."""

    clause = "AUTH-04"

    def credentials(self, request: Request) -> tuple[str, str]:
        try:
            return super().credentials(request)
        except Refusal:
            if "authorization" in request.headers:
                raise self.bad("The Authorization header is malformed.") from None
            raise


class CrashesOnMalformedCredentials(Right):
    """`user, password = b64decode(header.split()[1]).split(":")` raises at anything else: 500."""

    clause = "AUTH-04"

    def credentials(self, request: Request) -> tuple[str, str]:
        if "authorization" in request.headers:
            scheme, encoded = request.headers.get("authorization").split()
            user, password = base64.b64decode(encoded).decode().split(":")
            if scheme.lower() == "basic":
                return user, password
        return super().credentials(request)


class TakesAnyScheme(Right):
    """The header's second word is decoded whatever the first one is: `Bearer`, `Digest`, `Foo`."""

    clause = "AUTH-04"

    def credentials(self, request: Request) -> tuple[str, str]:
        _, _, encoded = request.headers.get("authorization").partition(" ")
        try:
            user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            raise self.unauthorized() from None
        return (user, password) if colon else super().credentials(request)


class NoChallenge(Right):
    """Connexion's own 401 is an error like the others, without WWW-Authenticate."""

    clause = "AUTH-05"

    def unauthorized(self) -> Refusal:
        right = super().unauthorized()
        return Refusal(right.status, right.code, right.message)


class ChallengesForBearer(Right):
    """The challenge comes from the company's middleware for OAuth: `Bearer`."""

    clause = "AUTH-05"

    def unauthorized(self) -> Refusal:
        right = super().unauthorized()
        return Refusal(right.status, right.code, right.message, ("WWW-Authenticate", 'Bearer realm="api"'))


class ChallengesOnlyTheAnonymous(Right):
    """WWW-Authenticate comes without credentials alone, so that browsers ask once; wrong ones get a bare 401."""

    clause = "AUTH-05"

    def account(self, request: Request) -> str:
        try:
            return super().account(request)
        except Refusal as refusal:
            if "authorization" not in request.headers:
                raise
            raise Refusal(refusal.status, refusal.code, refusal.message) from None


class KnowsNoKeys(Right):
    """API keys were forgotten: only accounts can log in."""

    clause = "AUTH-06"

    def login(self, user: str) -> tuple[str, str]:
        return super().login(user if user.startswith("AC") else "")


class KeysOnlyRead(Right):
    """Keys were added later, to the handlers of GET: a delete with a key is 401."""

    clause = "AUTH-06"

    def account(self, request: Request) -> str:
        if request.method == "DELETE" and self.credentials(request)[0].startswith("SK"):
            raise self.unauthorized()
        return super().account(request)


class TakesAnySecretOfAKey(Right):
    """The SID of a key is taken for the secret itself, so what comes after the colon is not looked at."""

    clause = "AUTH-07"

    def account(self, request: Request) -> str:
        user, _ = self.credentials(request)
        return self.login(user)[0] if user.startswith("SK") else super().account(request)


class TakesTheTokenForAKey(Right):
    """The password is compared with the token of the key's account as well, left from the time before secrets."""

    clause = "AUTH-08"

    def account(self, request: Request) -> str:
        user, password = self.credentials(request)
        account, _ = self.login(user)
        if user.startswith("SK") and self.is_secret(self.logins[account][1], password):
            return account
        return super().account(request)


class TakesSecretsForTheAccount(Right):
    """All secrets of an account are one pool, `WHERE account_sid = ? AND secret = ?`: a key's goes with its SID."""

    clause = "AUTH-08"

    def account(self, request: Request) -> str:
        user, password = self.credentials(request)
        account, _ = self.login(user)
        pool = [secret for owner, secret in self.logins.values() if owner == account]
        if user == account and any(self.is_secret(secret, password) for secret in pool):
            return account
        return super().account(request)


class TakesABeginning(Right):
    """`strncmp(token, given, strlen(given))`: the beginning of a token is enough, even an empty one."""

    clause = "AUTH-09"

    def is_secret(self, secret: str, password: str) -> bool:
        return secret.startswith(password)


class TakesATail(Right):
    """The password is cut to the 32 characters of its column before it is compared: anything may follow."""

    clause = "AUTH-09"

    def is_secret(self, secret: str, password: str) -> bool:
        return super().is_secret(secret, password[: len(secret)])


class TakesTokensInAnyCase(Right):
    """The database's collation ignores case, for tokens as well."""

    clause = "AUTH-10"

    def is_secret(self, secret: str, password: str) -> bool:
        return super().is_secret(secret.lower(), password.lower())


class TrimsTokens(Right):
    """Passwords are trimmed, since users paste them with a space."""

    clause = "AUTH-10"

    def is_secret(self, secret: str, password: str) -> bool:
        return super().is_secret(secret, password.strip())


class TakesAnybodysToken(Right):
    """The token is looked for among all tokens; that it is this account's is not checked."""

    clause = "AUTH-11"

    def account(self, request: Request) -> str:
        user, password = self.credentials(request)
        account, _ = self.login(user)
        if user == account and any(self.is_secret(self.logins[each][1], password) for each in self.owners.values()):
            return account
        return super().account(request)


class _LooksFirst(Right):
    """Looks for what the path names before it asks who asks; `is_looked_for` says when."""

    def is_looked_for(self, request: Request) -> bool:
        return True

    def account(self, request: Request) -> str:
        route = self.route(request)
        if route is not None and self.is_looked_for(request):
            owner = self.service(request, route, self.owners.get(route.service, ""))
            if route.sid is not None:
                self.binding(request, route, owner)
        return super().account(request)


class LooksBeforeItAsks(_LooksFirst):
    """The Binding is loaded by the router, as Rails' `before_action :set_binding` first: anonymous 404s tell."""

    clause = "AUTH-12"

    def is_looked_for(self, request: Request) -> bool:
        return "authorization" not in request.headers


class ValidatesBeforeItAsks(Right):
    """Connexion's order of middlewares was changed: a bad query is 400 for anybody."""

    clause = "AUTH-13"

    def account(self, request: Request) -> str:
        if request.path.endswith("/Bindings"):
            self.wanted(request.query)
        return super().account(request)


class DeletesBeforeItAsks(Right):
    """Credentials are checked when the answer is made, in a hook: the 401 comes, and the Binding is gone."""

    clause = "AUTH-14"

    def account(self, request: Request) -> str:
        try:
            return super().account(request)
        except Refusal:
            route = self.route(request)
            if request.method == "DELETE" and route is not None and route.service in self.owners:
                self.remove(route.service, route.sid or "")
            raise


class DeletesWithWrongCredentials(Right):
    """The delete only asks whether there are credentials, and leaves comparing them to a proxy that is gone."""

    clause = "AUTH-14"

    def account(self, request: Request) -> str:
        route = self.route(request)
        if request.method != "DELETE" or route is None:
            return super().account(request)
        self.credentials(request)
        return self.owners.get(route.service, "")


class NeedsBasicWithACapital(Right):
    """`header.startswith("Basic ")`: the scheme's name must be written so."""

    clause = "AUTH-15"

    def credentials(self, request: Request) -> tuple[str, str]:
        if not request.headers.get("authorization").startswith("Basic "):
            raise self.unauthorized()
        return super().credentials(request)


class RemembersTheConnection(Right):
    """Who logged in is kept with the connection, as with NTLM: later requests on it are not asked again."""

    clause = "AUTH-16"

    def account(self, request: Request) -> str:
        if "account" not in request.connection:
            request.connection["account"] = super().account(request)
        return str(request.connection["account"])


class CachesLoginsByUser(Right):
    """A successful login is cached under its user name, without the password."""

    clause = "AUTH-16"

    def __init__(self, world: dict[str, Any]) -> None:
        super().__init__(world)
        self.cached: dict[str, str] = {}

    def account(self, request: Request) -> str:
        user, _ = self.credentials(request)
        if user not in self.cached:
            self.cached[user] = super().account(request)
        return self.cached[user]


class LooksBeforeItCompares(_LooksFirst):
    """The user name must be there, then the resource is loaded, then the token is compared: 404 with a wrong token."""

    clause = "AUTH-17"

    def is_looked_for(self, request: Request) -> bool:
        try:
            self.login(self.credentials(request)[0])
        except Refusal:
            return False
        return True


class AsksOnlyWhereThereIsAService(Right):
    """Credentials are a policy of the service, and a service that does not exist has none: 404."""

    clause = "AUTH-17"

    def dispatch(self, request: Request) -> Answer:
        route = self.route(request)
        has_policy = route is None or route.service in self.owners
        if has_policy or "authorization" not in request.headers or self.is_preflight(request):
            return super().dispatch(request)
        raise self.not_found(request)
