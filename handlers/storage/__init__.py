"""Where accounts, services and Bindings are kept: one interface, an engine for each kind of database."""
