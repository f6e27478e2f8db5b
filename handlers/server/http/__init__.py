"""HTTP/1.1 on uvicorn's protocol: framing, timeouts, limits, refusals, certificates."""
