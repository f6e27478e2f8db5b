"""PostgreSQL: a server that many machines share. One statement, and one round trip, per read or write."""
