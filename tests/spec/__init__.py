"""The contract beside the last released one: its changes, and the version that they need."""
