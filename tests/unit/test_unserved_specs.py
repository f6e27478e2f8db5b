"""A spec that asks for what the service cannot do fails at start-up, by name, and is not served wrongly."""

import warnings

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # Connexion's own
    from connexion.resolver import Resolver
    from connexion.spec import Specification

    from chat_bindings.service.credentials import AuthenticationAPI
    from chat_bindings.service.parameters import Parameters


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
    operation = {"operationId": "builtins.print", "security": [{"odd": []}], "responses": {"200": {"description": ""}}}
    spec = {
        "openapi": "3.0.3",
        "info": {"title": "odd", "version": "1"},
        "paths": {"/": {"get": operation}},
        "components": {"securitySchemes": {"odd": scheme}},
    }
    with pytest.raises(NotImplementedError, match="security scheme odd"):
        AuthenticationAPI(Specification.from_dict(spec), next_app=None, storage=None, resolver=Resolver())
