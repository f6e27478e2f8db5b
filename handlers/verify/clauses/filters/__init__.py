"""FILTER and TEXT: the filters of a list, and the texts that they compare."""
