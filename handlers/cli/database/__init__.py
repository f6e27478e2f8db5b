"""Commands for whole databases."""
