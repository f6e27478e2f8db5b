"""What the handlers stand on while a request runs."""
