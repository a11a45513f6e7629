"""The simulated tank farm: physics, PLC and SIS logic, stepped with dt and fully determined by its inputs.  Pure."""
