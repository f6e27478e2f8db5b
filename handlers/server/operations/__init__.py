"""Compiled operations: from a path of the specs to the return value of a handler."""
