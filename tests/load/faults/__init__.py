"""What is answered while something is wrong: `make faults`."""
