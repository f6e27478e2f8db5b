"""PostgreSQL: a server that many machines share. One statement, and one round trip, for what a request asks."""
