"""FastAPI in its usual style: pydantic models, dependencies, errors of the contract's shape."""

from typing import Annotated, Literal

from fastapi import Depends, FastAPI, HTTPException, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from pydantic import BaseModel, ConfigDict, Field

from .answers import error, page, represent
from .lookup import LOOKUP

BindingType = Literal["apn", "gcm", "fcm"]
ServiceSid = Annotated[str, Path(alias="ServiceSid", pattern="^IS[0-9a-f]{32}$")]
Sid = Annotated[str, Path(alias="Sid", pattern="^BS[0-9a-f]{32}$")]


class Links(BaseModel):
    user: str


class Binding(BaseModel):
    """A Binding, as clients see it."""

    sid: str
    account_sid: str
    service_sid: str
    date_created: str
    date_updated: str
    endpoint: str
    identity: str
    binding_type: BindingType
    credential_sid: str
    message_types: list[str]
    url: str
    links: Links


class Meta(BaseModel):
    """The position of a page."""

    page: int
    page_size: int
    first_page_url: str
    previous_page_url: str | None
    url: str
    next_page_url: str | None
    key: str


class BindingList(BaseModel):
    """A page."""

    meta: Meta
    bindings: list[Binding]


class ListQuery(BaseModel):
    """The query of a list; unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid")

    binding_type: list[BindingType] = Field([], alias="BindingType", max_length=100)
    identity: list[Annotated[str, Field(min_length=1)]] = Field([], alias="Identity", max_length=100)
    page_size: int = Field(50, alias="PageSize", ge=1, le=1000)
    page: int = Field(0, alias="Page", ge=0, le=2147483646)
    page_token: str | None = Field(None, alias="PageToken", pattern="^P[AB]BS[0-9a-f]{32}$")


app = FastAPI(openapi_url=None)


async def account(given: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]) -> str:
    """Return the SID of the authenticated account."""
    account_sid = LOOKUP.account(given.username, given.password)
    if account_sid is None:
        raise HTTPException(401, headers={"WWW-Authenticate": "Basic"})
    return account_sid


Account = Annotated[str, Depends(account)]


def origin_of(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


@app.get("/v2/Services/{ServiceSid}/Bindings")
async def list_bindings(
    service_sid: ServiceSid, query: Annotated[ListQuery, Query()], account_sid: Account, request: Request
) -> BindingList:
    if LOOKUP.owner(service_sid) != account_sid:
        raise HTTPException(404)
    filters, position = (query.binding_type, query.identity), (query.page_size, query.page, query.page_token)
    return BindingList(**page(account_sid, service_sid, origin_of(request), *filters, *position))


@app.get("/v2/Services/{ServiceSid}/Bindings/{Sid}")
async def fetch_binding(service_sid: ServiceSid, sid: Sid, account_sid: Account, request: Request) -> Binding:
    row = LOOKUP.fetch(service_sid, sid)
    if row is None or row[-1] != account_sid:
        raise HTTPException(404)
    return Binding(**represent(row[:-1], account_sid, origin_of(request)))


@app.exception_handler(HTTPException)
async def on_http(request: Request, raised: HTTPException) -> JSONResponse:
    body = error("unauthorized") if raised.status_code == 401 else error("not_found", path=request.url.path)
    return JSONResponse(body, body["status"], headers=raised.headers)


@app.exception_handler(RequestValidationError)
async def on_invalid(request: Request, raised: RequestValidationError) -> JSONResponse:
    first = raised.errors()[0]
    if first["loc"][0] == "path":
        return await on_http(request, HTTPException(404))
    body = error("invalid_parameter", parameter=str(first["loc"][-1]), rule=first["msg"])
    return JSONResponse(body, body["status"])
