"""A service under a steady load for long: nothing may fail, and nothing may grow. `make soak`."""
