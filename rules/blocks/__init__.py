"""How groups go through a block of time: judged at the few sweeps that matter, with what every sweep would have said."""
