"""The state of `serve --control`: the journal, the kept world, and access to them."""
