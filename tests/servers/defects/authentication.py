"""Defects of telling who asks."""

import base64

from ..bases import around, caught, first, instead
from ..http import Request
from ..right import After, Before, Refusal, Right


def _owner(self, request):
    """Give the account that owns the service of a request."""
    route = self.route(request)
    return self.owners.get(route.service if route else "", "")


@first(Right.account, "AUTH-01")
def lists_without_credentials(self, request):
    """The list was opened for a demonstration, and was never closed again."""
    return _owner(self, request) if request.method == "GET" and request.path.endswith("/Bindings") else None


@first(Right.account, "AUTH-01")
def deletes_without_credentials(self, request):
    """The decorator `@login_required` stands above the handlers of GET, and was forgotten above the delete."""
    return _owner(self, request) if request.method == "DELETE" else None


class TakesAnyToken(Right, clause="AUTH-02", is_secret=lambda secret, password: True):
    """The account's SID is looked up, and the token never: the gateway was thought to do that."""


@instead(Right.account, "AUTH-02")
def forbids_wrong_tokens(self, request):
    """Who names an account and has the wrong token is known but not allowed, the team says: 403."""
    user, password = self.credentials(request)
    account, secret = self.login(user)
    if not self.is_secret(secret, password):
        raise Refusal(403, 20003, "The token is wrong.")
    return account


class CrashesOnUnknownAccounts(Right, clause="AUTH-03", login=lambda self, user: self.logins[user]):
    """`accounts[sid]` raises a KeyError for an account that does not exist: 500."""


class UnknownAccountsAre404(Right, clause="AUTH-03", unknown_user=lambda: Refusal(404, 20404, "No such account.")):
    """`get_object_or_404(Account, sid=...)` looks the account up, and that is a 404."""


@first(Right.login, "AUTH-03")
def knows_two_kinds_of_users(user):
    """`{"AC": accounts, "SK": keys}[user[:2]]` raises at a user whose name begins otherwise: 500."""
    if user and user[:2] not in ("AC", "SK"):
        raise KeyError(user[:2])


@caught(Right.credentials, "AUTH-04")
def malformed_credentials_are400(refusal, self, request):
    """A header that cannot be read is a bad request, the library says: 400."""
    return self.bad("The Authorization header is malformed.") if "authorization" in request.headers else refusal


@first(Right.credentials, "AUTH-04")
def crashes_on_malformed_credentials(request):
    """`user, password = b64decode(header.split()[1]).split(":")` raises at anything else: 500."""
    if "authorization" in request.headers:
        scheme, encoded = request.headers.get("authorization").split()
        user, password = base64.b64decode(encoded).decode().split(":")
        if scheme.lower() == "basic":
            return user, password
    return None


@first(Right.credentials, "AUTH-04")
def takes_any_scheme(self, request):
    """The header's second word is decoded whatever the first one is: `Bearer`, `Digest`, `Foo`."""
    _, _, encoded = request.headers.get("authorization").partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        raise self.unauthorized() from None
    return (user, password) if colon else None


class NoChallenge(Right, clause="AUTH-05", unauthorized=After(lambda right: right.with_headers())):
    """Connexion's own 401 is an error like the others, without WWW-Authenticate."""


class ChallengesForBearer(Right, clause="AUTH-05", challenge='Bearer realm="api"'):
    """The challenge comes from the company's middleware for OAuth: `Bearer`."""


@caught(Right.account, "AUTH-05")
def challenges_only_the_anonymous(refusal, request):
    """WWW-Authenticate comes without credentials alone, so that browsers ask once; wrong ones get a bare 401."""
    return refusal.with_headers() if "authorization" in request.headers else refusal


class KnowsNoKeys(Right, clause="AUTH-06", login=Before(lambda user: user if user.startswith("AC") else "")):
    """API keys were forgotten: only accounts can log in."""


@first(Right.account, "AUTH-06")
def keys_only_read(self, request):
    """Keys were added later, to the handlers of GET: a delete with a key is 401."""
    if request.method == "DELETE" and self.credentials(request)[0].startswith("SK"):
        raise self.unauthorized()


@first(Right.account, "AUTH-07")
def takes_any_secret_of_a_key(self, request):
    """The SID of a key is taken for the secret itself, so what comes after the colon is not looked at."""
    user, _ = self.credentials(request)
    return self.login(user)[0] if user.startswith("SK") else None


@first(Right.account, "AUTH-08")
def takes_the_token_for_a_key(self, request):
    """The password is compared with the token of the key's account as well, left from the time before secrets."""
    user, password = self.credentials(request)
    account, _ = self.login(user)
    return account if user.startswith("SK") and self.is_secret(self.logins[account][1], password) else None


@first(Right.account, "AUTH-08")
def takes_secrets_for_the_account(self, request):
    """All secrets of an account are one pool, `WHERE account_sid = ? AND secret = ?`: a key's goes with its SID."""
    user, password = self.credentials(request)
    account, _ = self.login(user)
    pool = [secret for owner, secret in self.logins.values() if owner == account]
    return account if user == account and any(self.is_secret(secret, password) for secret in pool) else None


class TakesABeginning(Right, clause="AUTH-09", is_secret=lambda secret, password: secret.startswith(password)):
    """`strncmp(token, given, strlen(given))`: the beginning of a token is enough, even an empty one."""


class TakesATail(Right, clause="AUTH-09", is_secret=Before(lambda password, secret: password[: len(secret)])):
    """The password is cut to the 32 characters of its column before it is compared: anything may follow."""


@around(Right.is_secret, "AUTH-10")
def takes_tokens_in_any_case(right, secret, password):
    """The database's collation ignores case, for tokens as well."""
    return right(secret=secret.lower(), password=password.lower())


class TrimsTokens(Right, clause="AUTH-10", is_secret=Before(lambda password: password.strip())):
    """Passwords are trimmed, since users paste them with a space."""


@first(Right.account, "AUTH-11")
def takes_anybodys_token(self, request):
    """The token is looked for among all tokens; that it is this account's is not checked."""
    user, password = self.credentials(request)
    account, _ = self.login(user)
    if user == account and any(self.is_secret(self.logins[each][1], password) for each in self.owners.values()):
        return account
    return None


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


@instead(_LooksFirst.is_looked_for, "AUTH-12")
def looks_before_it_asks(request):
    """The Binding is loaded by the router, as Rails' `before_action :set_binding` first: anonymous 404s tell."""
    return "authorization" not in request.headers


@first(Right.account, "AUTH-13")
def validates_before_it_asks(self, request):
    """Connexion's order of middlewares was changed: a bad query is 400 for anybody."""
    if request.path.endswith("/Bindings"):
        self.wanted(request.query)


@caught(Right.account, "AUTH-14")
def deletes_before_it_asks(refusal, self, request):
    """Credentials are checked when the answer is made, in a hook: the 401 comes, and the Binding is gone."""
    route = self.route(request)
    if request.method == "DELETE" and route is not None and route.service in self.owners:
        self.remove(route.service, route.sid or "")
    return refusal


@first(Right.account, "AUTH-14")
def deletes_with_wrong_credentials(self, request):
    """The delete only asks whether there are credentials, and leaves comparing them to a proxy that is gone."""
    return _owner(self, request) if request.method == "DELETE" and self.credentials(request) else None


@first(Right.credentials, "AUTH-15")
def needs_basic_with_a_capital(self, request):
    """`header.startswith("Basic ")`: the scheme's name must be written so."""
    if not request.headers.get("authorization").startswith("Basic "):
        raise self.unauthorized()


@around(Right.account, "AUTH-16")
def remembers_the_connection(right, request):
    """Who logged in is kept with the connection, as with NTLM: later requests on it are not asked again."""
    if "account" not in request.connection:
        request.connection["account"] = right()
    return request.connection["account"]


@around(Right.account, "AUTH-16")
def caches_logins_by_user(right, self, request):
    """A successful login is cached under its user name, without the password."""
    user, _ = self.credentials(request)
    if user not in self.kept:
        self.kept[user] = right()
    return self.kept[user]


@instead(_LooksFirst.is_looked_for, "AUTH-17")
def looks_before_it_compares(self, request):
    """The user name must be there, then the resource is loaded, then the token is compared: 404 with a wrong token."""
    try:
        self.login(self.credentials(request)[0])
    except Refusal:
        return False
    return True


@first(Right.dispatch, "AUTH-17")
def asks_only_where_there_is_a_service(self, request):
    """Credentials are a policy of the service, and a service that does not exist has none: 404."""
    route = self.route(request)
    has_policy = route is None or route.service in self.owners
    if not has_policy and "authorization" in request.headers and not self.is_preflight(request):
        raise self.not_found(request)
