"""What the comparison rests on: that the other composition is Connexion's own, and that little is left out of it."""

import warnings
from functools import partial
from pathlib import Path

from .scope import COMPILED_ONLY, on_both

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # Connexion's own
    from connexion import AsyncApp
    from connexion.middleware import ConnexionMiddleware

    from chat_bindings.service.settings import Settings

    from .app import create_app

SERVICE = Path(__file__).parents[1] / "service"


def test_the_stages_are_connexions(tmp_path):
    """They are Connexion's default stages, none left out, replaced or moved; ours stand between them."""
    app = create_app(Settings(f"sqlite:///{tmp_path}/none.db"))
    assert type(app) is AsyncApp
    stages = app.middleware.middlewares
    assert [stage for stage in stages if not isinstance(stage, partial)] == ConnexionMiddleware.default_middlewares
    added = [stage.func.__module__ for stage in stages if isinstance(stage, partial)]
    assert not [module for module in added if "connexion" in module]
    compiled = {f"chat_bindings.service.{name}" for name in ("errors", "routing", "credentials", "operations")}
    assert not compiled & set(added)


def test_what_is_left_out_is_there():
    """Each module that does not run on both is one, and what is about meaning is not among them."""
    modules = {path.name: path for path in SERVICE.glob("test_*.py")}
    assert set(COMPILED_ONLY) < set(modules)
    both = {name for name, path in modules.items() if on_both(path)}
    assert both == set(modules) - set(COMPILED_ONLY)
    assert both >= {f"test_{name}.py" for name in ("authentication", "errors", "lists", "odd_input", "registration")}
