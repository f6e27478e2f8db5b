"""What `serve --control` adds to the server: the gate, the journal, the kept world."""
