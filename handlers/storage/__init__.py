"""Storage of accounts, services and Bindings: one interface, and an engine for each kind of database."""
