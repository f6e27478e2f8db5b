"""A spec with an unsupported feature fails at start-up, by name, and is not served wrongly."""

import pytest
from connexion.exceptions import ResolverError
from connexion.resolver import Resolver
from connexion.spec import Specification

from chat_bindings import bindings
from chat_bindings.server import representation
from chat_bindings.server.access.authentication import Authentication
from chat_bindings.server.operations.parameters import Parameters
from chat_bindings.server.operations.resolver import resolver
from chat_bindings.server.operations.routing import Routing
from chat_bindings.spec import component


def specification(path: str = "/", components: object = None, **operation: object) -> Specification:
    """Return a spec of one operation."""
    operation = {"operationId": "builtins.print", "responses": {"200": {"description": ""}}} | operation
    document = {"openapi": "3.0.3", "info": {"title": "odd", "version": "1"}, "paths": {path: {"get": operation}}}
    return Specification.from_dict(document | {"components": components or {}})


def test_an_operation_without_a_handler():
    """A name of the contract that the handlers lack is refused, with Python's spelling of it."""
    with pytest.raises(ResolverError, match="no attribute 'paint_binding'"):
        Routing(None).add_api(specification(operationId="paintBinding"), resolver=resolver(bindings))


def test_a_parameter_in_a_place_that_is_not_read():
    """A parameter in a header or a cookie is refused, with the places named."""
    definitions = [{"name": name, "in": name, "schema": {"type": "string"}} for name in ("header", "cookie", "query")]
    with pytest.raises(NotImplementedError, match="parameters in cookie, header are"):
        Parameters.compile(definitions)


@pytest.mark.parametrize(
    "scheme", [{"type": "http", "scheme": "bearer"}, {"type": "apiKey", "in": "header", "name": "X-Key"}]
)
def test_a_security_scheme_that_is_not_checked(scheme):
    """An operation that wants anything but HTTP Basic is refused, with its scheme named, and not left open."""
    spec = specification(security=[{"odd": []}], components={"securitySchemes": {"odd": scheme}})
    with pytest.raises(NotImplementedError, match="security scheme odd"):
        Authentication(None, authenticator=None).add_api(spec, resolver=Resolver())


def test_a_property_that_is_not_kept(monkeypatch):
    """A Binding with an unknown property is refused, with the spec's properties and the served ones."""
    schema = component("schemas", "Binding")
    changed = schema | {"properties": schema["properties"] | {"colour": {"type": "string"}}}
    monkeypatch.setattr(representation, "component", lambda *_: changed)
    with pytest.raises(NotImplementedError, match=r"the spec's Binding has sid, .*, colour; served are"):
        representation.template.__wrapped__()


def test_a_path_whose_parameter_holds_slashes():
    """A parameter that would take several segments of a path is refused, with its path."""
    parameter = {"name": "Rest", "in": "path", "required": True, "schema": {"type": "string", "format": "path"}}
    spec = specification("/{Rest}", parameters=[parameter])
    with pytest.raises(NotImplementedError, match="parameters that hold slashes"):
        Routing(None).add_api(spec, resolver=Resolver())
