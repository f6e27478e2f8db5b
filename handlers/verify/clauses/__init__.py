"""Clauses: the rules of the contract, a module for each section."""
