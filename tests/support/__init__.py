"""What the tests share: the real service as a process, and the world that it holds."""
