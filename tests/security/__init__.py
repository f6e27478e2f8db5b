"""What an attacker would try, against the running service."""
