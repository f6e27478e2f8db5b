"""Acknowledged writes survive `kill -9` of the service and of its database: `make kills`."""
