"""Access control: authentication, brute-force protection, rate limits, hosts and proxies."""
