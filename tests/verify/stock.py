"""The reference with Connexion's own parsing of parameters in the place of ours, as a team would leave it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from connexion.decorators.parameter import pythonic
from connexion.exceptions import BadRequestProblem
from connexion.lifecycle import ConnexionRequest
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.resolver import RelativeResolver
from connexion.uri_parsing import OpenAPIURIParser
from connexion.validators.parameter import ParameterValidator

from chat_bindings.service.addressing import Addressing
from chat_bindings.service.credentials import Authentication
from chat_bindings.service.envelope import Envelope
from chat_bindings.service.errors import Door, Fault
from chat_bindings.service.operations import CompiledApp, ValidatedOperation, Validation, ValidationAPI
from chat_bindings.service.routing import Routing
from chat_bindings.service.specification import CONTRACT, binding_types, directory
from chat_bindings.storage.locator import storage as storage_at

from ..support.running import wait_until


class StockParameters:
    """Connexion's parsing and validation of parameters, strict as an app can ask for it."""

    def __init__(self, definitions: list[dict[str, Any]]) -> None:
        self._uri_parser = OpenAPIURIParser(definitions, {})
        self._validator = ParameterValidator(definitions, self._uri_parser, strict_validation=True)
        self._defaults = {
            pythonic(each["name"]): each["schema"]["default"] for each in definitions if "default" in each["schema"]
        }

    def parse(self, scope: Any) -> dict[str, Any]:
        request = ConnexionRequest(scope, uri_parser=self._uri_parser)
        try:
            self._validator.validate_request(request)
        except BadRequestProblem as problem:
            raise Fault("invalid_parameter", parameter="A parameter", rule="must be valid") from problem
        given = {**scope["path_params"], **request.query_params}
        return self._defaults | {pythonic(name): value for name, value in given.items()}


class StockOperation(ValidatedOperation):
    def __init__(self, next_app: Any, operation: Any) -> None:
        super().__init__(next_app, operation)
        self._parameters = StockParameters(operation.parameters)  # type: ignore[assignment]


class StockAPI(ValidationAPI):
    def make_operation(self, operation: Any) -> StockOperation:
        return StockOperation(self.following(operation), operation)


class StockValidation(Validation):
    api_cls = StockAPI


def stock_app(database: Path) -> Any:
    """The service on a database that holds a world."""
    storage = storage_at(f"sqlite:///{database}", binding_types())

    @asynccontextmanager
    async def lifespan(_: object) -> Any:
        await storage.open()
        yield
        await storage.close()

    app = CompiledApp(
        "chat_bindings",
        specification_dir=directory(),
        lifespan=lifespan,
        middlewares=[
            Envelope,
            Door,
            Routing,
            Authentication,
            StockValidation,
            partial(Addressing, public_url=None, trusted_proxies=()),
            LifespanMiddleware,
        ],
    )
    app.add_api(CONTRACT, resolver=RelativeResolver("chat_bindings.bindings"), storage=storage)
    return app


@contextmanager
def serving_stock(database: Path) -> Iterator[str]:
    """Serve it in a thread: the base URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(stock_app(database), log_config=None, lifespan="on"))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        assert wait_until(lambda: server.started, 30)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(30)
