"""ApiError injection: `serve --faults`."""
