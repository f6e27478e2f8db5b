"""The clauses of the contract, as pytest functions that speak HTTP only: `chat-bindings verify` runs them."""
