"""The simulated plant: physics, PLC and SIS, servers, WeCom, faults.  Imports nothing of ours; nobody imports it."""
