"""Worlds: the JSON document of accounts, keys, services and Bindings."""
