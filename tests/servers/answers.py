"""Answers: the common parts of every operation and every error."""

import json
import secrets
from typing import Any

from .http import Answer, Request
from .terms import Refusal, Route


class Answers:
    """The making of answers. Each method is one decision."""

    content_type = "application/json"
    challenge = 'Basic realm="Twilio API"'
    preflight_headers = "Authorization, Accept, Content-Type"

    def success(self, request: Request, content: Any) -> Answer:
        return self.json_answer(200, content, ("Cache-Control", "no-store"))

    def deletion(self, request: Request) -> Answer:
        return Answer(204)

    def json_answer(self, status: int, content: Any, *headers: tuple[str, str]) -> Answer:
        return Answer(status, [("Content-Type", self.content_type), *headers], self.dump(content))

    def dump(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()

    def error(self, request: Request, refusal: Refusal) -> Answer:
        return self.json_answer(refusal.status, self.error_content(refusal), *refusal.headers)

    def error_content(self, refusal: Refusal) -> Any:
        return {
            "code": refusal.code,
            "message": refusal.message,
            "more_info": f"https://www.twilio.com/docs/errors/{refusal.code}",
            "status": refusal.status,
        }

    def bad(self, message: str) -> Refusal:
        return Refusal(400, 20001, message)

    def too_large(self) -> Refusal:
        return Refusal(400, 20007, "PageSize must be at most 1000.")

    def unauthorized(self) -> Refusal:
        return Refusal(401, 20003, "Authentication failed.", ("WWW-Authenticate", self.challenge))

    def not_found(self, request: Request) -> Refusal:
        return Refusal(404, 20404, f"The requested resource {ascii(request.path)[1:-1]} was not found.")

    def not_allowed(self, request: Request, route: Route) -> Refusal:
        allowed = self.allowed(route)
        return Refusal(405, 20004, f"This resource has the methods {allowed}.", ("Allow", allowed))

    def allowed(self, route: Route) -> str:
        return ", ".join(route.methods)

    def fault(self) -> Refusal:
        return Refusal(500, 20500, "The server failed to answer.")

    def is_preflight(self, request: Request) -> bool:
        return request.method == "OPTIONS" and "access-control-request-method" in request.headers

    def preflight(self, request: Request, route: Route) -> Answer:
        methods = ("Access-Control-Allow-Methods", self.preflight_methods(route))
        return Answer(204, [methods, ("Access-Control-Allow-Headers", self.preflight_headers)])

    def preflight_methods(self, route: Route) -> str:
        return ", ".join(route.methods)

    def finish(self, request: Request, answer: Answer) -> Answer:
        """Return an answer with the common headers; for HEAD without its body."""
        answer.headers += [("Twilio-Request-Id", self.request_id(request)), *self.cors(request, answer)]
        if request.method == "HEAD" and answer.header("content-length") is None:
            answer.headers.append(("Content-Length", str(len(answer.body))))
            answer.body = b""
        return answer

    def request_id(self, request: Request) -> str:
        return f"RQ{secrets.token_hex(16)}"

    def cors(self, request: Request, answer: Answer) -> list[tuple[str, str]]:
        return [("Access-Control-Allow-Origin", "*")] if "origin" in request.headers else []
