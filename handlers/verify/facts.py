"""Facts: names, bounds and codes from the spec, openapi/bindings.yaml, and from HTTP."""

import re
from importlib.resources import files
from typing import Any

import yaml

SPEC: dict[str, Any] = yaml.safe_load(files("chat_bindings.openapi").joinpath("bindings.yaml").read_text("utf-8"))
"""The spec, as it is published."""

_SCHEMAS = SPEC["components"]["schemas"]

BINDING: list[str] = _SCHEMAS["Binding"]["required"]
"""The properties of a Binding."""
META: list[str] = _SCHEMAS["PageMeta"]["required"]
"""The properties of a list's `meta`."""
ERROR: list[str] = _SCHEMAS["Error"]["required"]
"""The properties of an error."""
TYPES: list[str] = _SCHEMAS["BindingType"]["enum"]
DEFAULT_SIZE: int = _SCHEMAS["PageSize"]["default"]
LARGEST_SIZE: int = _SCHEMAS["PageSize"]["maximum"]
MOST_VALUES = 10
"""Values that a filter takes everywhere: how many more it takes is free."""
TIMESTAMP = re.compile(_SCHEMAS["Timestamp"]["pattern"])
BINDING_SID = re.compile(_SCHEMAS["BindingSid"]["pattern"])
ABSOLUTE_URL = re.compile(_SCHEMAS["AbsoluteUrl"]["pattern"])
REQUEST_ID = re.compile(SPEC["components"]["headers"]["Twilio-Request-Id"]["schema"]["pattern"])

BAD_PARAMETER = 20001
UNAUTHORIZED = 20003
NOT_ALLOWED = 20004
ACCESS_DENIED = 20006
"""The code that no error may have: the SDK for PHP takes it for the end of the pages."""
SIZE_TOO_LARGE = 20007
NOT_FOUND = 20404
MORE_INFO = "https://www.twilio.com/docs/errors/"

URLS = ("first_page_url", "url", "next_page_url", "previous_page_url")
MISLEADING_IN_LISTS = ("uri", "Resources", "pageSize", "type", "title")
"""Names by which SDKs tell other kinds of list, or of error."""
MISLEADING_IN_ERRORS = ("type", "title", "uri")

LIST = "/paths/~1v2~1Services~1{ServiceSid}~1Bindings/get"
FETCH = "/paths/~1v2~1Services~1{ServiceSid}~1Bindings~1{Sid}/get"
DELETE = "/paths/~1v2~1Services~1{ServiceSid}~1Bindings~1{Sid}/delete"
PARAMETERS = "/components/parameters"
SCHEMAS = "/components/schemas"
RESPONSES = "/components/responses"
HEADERS = "/components/headers"
CREDENTIALS = "/components/securitySchemes/account_sid_and_auth_token"
"""JSON pointers into the spec."""
