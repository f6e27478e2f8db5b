"""The reference server."""

import warnings

# Connexion, which depends on httpx, imports Starlette's test client at every start; that client prefers httpx2
warnings.filterwarnings("ignore", "Using `httpx` with `starlette.testclient`")
