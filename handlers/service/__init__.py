"""Former names: they work until 3.0 and warn."""
