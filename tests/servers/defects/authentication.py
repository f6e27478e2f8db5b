"""Defects of telling who asks."""

import base64

from ..http import Answer, Request
from ..right import After, Before, Refusal, Right


class _Opens(Right):
    """Something is done for whoever owns the service, without credentials; `is_open` says what."""

    def is_open(self, request: Request) -> bool:
        return False

    def account(self, request: Request) -> str:
        if not self.is_open(request):
            return super().account(request)
        route = self.route(request)
        return self.owners.get(route.service if route else "", "")


class ListsWithoutCredentials(_Opens, clause="AUTH-01"):
    """The list was opened for a demonstration, and was never closed again."""

    def is_open(self, request: Request) -> bool:
        return request.method == "GET" and request.path.endswith("/Bindings")


class DeletesWithoutCredentials(_Opens, clause="AUTH-01", is_open=lambda request: request.method == "DELETE"):
    """The decorator `@login_required` stands above the handlers of GET, and was forgotten above the delete."""


class TakesAnyToken(Right, clause="AUTH-02", is_secret=lambda secret, password: True):
    """The account's SID is looked up, and the token never: the gateway was thought to do that."""


class ForbidsWrongTokens(Right, clause="AUTH-02"):
    """Who names an account and has the wrong token is known but not allowed, the team says: 403."""

    def account(self, request: Request) -> str:
        user, password = self.credentials(request)
        account, secret = self.login(user)
        if not self.is_secret(secret, password):
            raise Refusal(403, 20003, "The token is wrong.")
        return account


class CrashesOnUnknownAccounts(Right, clause="AUTH-03"):
    """`accounts[sid]` raises a KeyError for an account that does not exist: 500."""

    def login(self, user: str) -> tuple[str, str]:
        return self.logins[user]


class UnknownAccountsAre404(Right, clause="AUTH-03", unknown_user=lambda: Refusal(404, 20404, "No such account.")):
    """`get_object_or_404(Account, sid=...)` looks the account up, and that is a 404."""


class KnowsTwoKindsOfUsers(Right, clause="AUTH-03"):
    """`{"AC": accounts, "SK": keys}[user[:2]]` raises at a user whose name begins otherwise: 500."""

    def login(self, user: str) -> tuple[str, str]:
        if user and user[:2] not in ("AC", "SK"):
            raise KeyError(user[:2])
        return super().login(user)


class MalformedCredentialsAre400(Right, clause="AUTH-04"):
    """A header that cannot be read is a bad request, the library says: 400."""

    def credentials(self, request: Request) -> tuple[str, str]:
        try:
            return super().credentials(request)
        except Refusal:
            if "authorization" in request.headers:
                raise self.bad("The Authorization header is malformed.") from None
            raise


class CrashesOnMalformedCredentials(Right, clause="AUTH-04"):
    """`user, password = b64decode(header.split()[1]).split(":")` raises at anything else: 500."""

    def credentials(self, request: Request) -> tuple[str, str]:
        if "authorization" in request.headers:
            scheme, encoded = request.headers.get("authorization").split()
            user, password = base64.b64decode(encoded).decode().split(":")
            if scheme.lower() == "basic":
                return user, password
        return super().credentials(request)


class TakesAnyScheme(Right, clause="AUTH-04"):
    """The header's second word is decoded whatever the first one is: `Bearer`, `Digest`, `Foo`."""

    def credentials(self, request: Request) -> tuple[str, str]:
        _, _, encoded = request.headers.get("authorization").partition(" ")
        try:
            user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            raise self.unauthorized() from None
        return (user, password) if colon else super().credentials(request)


class NoChallenge(Right, clause="AUTH-05", unauthorized=After(Refusal.with_headers)):
    """Connexion's own 401 is an error like the others, without WWW-Authenticate."""


class ChallengesForBearer(Right, clause="AUTH-05", challenge='Bearer realm="api"'):
    """The challenge comes from the company's middleware for OAuth: `Bearer`."""


class ChallengesOnlyTheAnonymous(Right, clause="AUTH-05"):
    """WWW-Authenticate comes without credentials alone, so that browsers ask once; wrong ones get a bare 401."""

    def account(self, request: Request) -> str:
        try:
            return super().account(request)
        except Refusal as refusal:
            if "authorization" not in request.headers:
                raise
            raise refusal.with_headers() from None


class KnowsNoKeys(Right, clause="AUTH-06", login=Before(lambda user: user if user.startswith("AC") else "")):
    """API keys were forgotten: only accounts can log in."""


class KeysOnlyRead(Right, clause="AUTH-06"):
    """Keys were added later, to the handlers of GET: a delete with a key is 401."""

    def account(self, request: Request) -> str:
        if request.method == "DELETE" and self.credentials(request)[0].startswith("SK"):
            raise self.unauthorized()
        return super().account(request)


class TakesAnySecretOfAKey(Right, clause="AUTH-07"):
    """The SID of a key is taken for the secret itself, so what comes after the colon is not looked at."""

    def account(self, request: Request) -> str:
        user, _ = self.credentials(request)
        return self.login(user)[0] if user.startswith("SK") else super().account(request)


class TakesTheTokenForAKey(Right, clause="AUTH-08"):
    """The password is compared with the token of the key's account as well, left from the time before secrets."""

    def account(self, request: Request) -> str:
        user, password = self.credentials(request)
        account, _ = self.login(user)
        if user.startswith("SK") and self.is_secret(self.logins[account][1], password):
            return account
        return super().account(request)


class TakesSecretsForTheAccount(Right, clause="AUTH-08"):
    """All secrets of an account are one pool, `WHERE account_sid = ? AND secret = ?`: a key's goes with its SID."""

    def account(self, request: Request) -> str:
        user, password = self.credentials(request)
        account, _ = self.login(user)
        pool = [secret for owner, secret in self.logins.values() if owner == account]
        if user == account and any(self.is_secret(secret, password) for secret in pool):
            return account
        return super().account(request)


class TakesABeginning(Right, clause="AUTH-09", is_secret=lambda secret, password: secret.startswith(password)):
    """`strncmp(token, given, strlen(given))`: the beginning of a token is enough, even an empty one."""


class TakesATail(Right, clause="AUTH-09"):
    """The password is cut to the 32 characters of its column before it is compared: anything may follow."""

    def is_secret(self, secret: str, password: str) -> bool:
        return super().is_secret(secret, password[: len(secret)])


class TakesTokensInAnyCase(Right, clause="AUTH-10"):
    """The database's collation ignores case, for tokens as well."""

    def is_secret(self, secret: str, password: str) -> bool:
        return super().is_secret(secret.lower(), password.lower())


class TrimsTokens(Right, clause="AUTH-10", is_secret=Before(lambda password: password.strip())):
    """Passwords are trimmed, since users paste them with a space."""


class TakesAnybodysToken(Right, clause="AUTH-11"):
    """The token is looked for among all tokens; that it is this account's is not checked."""

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


class LooksBeforeItAsks(_LooksFirst, clause="AUTH-12"):
    """The Binding is loaded by the router, as Rails' `before_action :set_binding` first: anonymous 404s tell."""

    def is_looked_for(self, request: Request) -> bool:
        return "authorization" not in request.headers


class ValidatesBeforeItAsks(Right, clause="AUTH-13"):
    """Connexion's order of middlewares was changed: a bad query is 400 for anybody."""

    def account(self, request: Request) -> str:
        if request.path.endswith("/Bindings"):
            self.wanted(request.query)
        return super().account(request)


class DeletesBeforeItAsks(Right, clause="AUTH-14"):
    """Credentials are checked when the answer is made, in a hook: the 401 comes, and the Binding is gone."""

    def account(self, request: Request) -> str:
        try:
            return super().account(request)
        except Refusal:
            route = self.route(request)
            if request.method == "DELETE" and route is not None and route.service in self.owners:
                self.remove(route.service, route.sid or "")
            raise


class DeletesWithWrongCredentials(Right, clause="AUTH-14"):
    """The delete only asks whether there are credentials, and leaves comparing them to a proxy that is gone."""

    def account(self, request: Request) -> str:
        route = self.route(request)
        if request.method != "DELETE" or route is None:
            return super().account(request)
        self.credentials(request)
        return self.owners.get(route.service, "")


class NeedsBasicWithACapital(Right, clause="AUTH-15"):
    """`header.startswith("Basic ")`: the scheme's name must be written so."""

    def credentials(self, request: Request) -> tuple[str, str]:
        if not request.headers.get("authorization").startswith("Basic "):
            raise self.unauthorized()
        return super().credentials(request)


class RemembersTheConnection(Right, clause="AUTH-16"):
    """Who logged in is kept with the connection, as with NTLM: later requests on it are not asked again."""

    def account(self, request: Request) -> str:
        if "account" not in request.connection:
            request.connection["account"] = super().account(request)
        return str(request.connection["account"])


class CachesLoginsByUser(Right, clause="AUTH-16"):
    """A successful login is cached under its user name, without the password."""

    def account(self, request: Request) -> str:
        user, _ = self.credentials(request)
        if user not in self.kept:
            self.kept[user] = super().account(request)
        return self.kept[user]


class LooksBeforeItCompares(_LooksFirst, clause="AUTH-17"):
    """The user name must be there, then the resource is loaded, then the token is compared: 404 with a wrong token."""

    def is_looked_for(self, request: Request) -> bool:
        try:
            self.login(self.credentials(request)[0])
        except Refusal:
            return False
        return True


class AsksOnlyWhereThereIsAService(Right, clause="AUTH-17"):
    """Credentials are a policy of the service, and a service that does not exist has none: 404."""

    def dispatch(self, request: Request) -> Answer:
        route = self.route(request)
        has_policy = route is None or route.service in self.owners
        if has_policy or "authorization" not in request.headers or self.is_preflight(request):
            return super().dispatch(request)
        raise self.not_found(request)
