"""The specs, hand-written: `bindings.yaml` is the contract, `registration.yaml` the reference service's way in."""
