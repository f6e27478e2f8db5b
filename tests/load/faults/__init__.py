"""The responses during each outage: `make faults`."""
