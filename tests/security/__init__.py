"""What an attacker tries on the wire: each try is a test against the real service."""
