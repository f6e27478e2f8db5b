"""HTTP/1.1 towards the target: connections, pace, and raw bytes."""
