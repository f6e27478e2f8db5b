"""The Programmable Chat v2 Binding resource: its contract, and the reference service that the contract drives."""
