"""Former names, which work until 3.0 and warn."""
