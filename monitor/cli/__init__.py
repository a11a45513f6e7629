"""The command line: `redline check|run|demo|simulate|account ...`; exit 0 good, 1 failed, 2 wrong use."""
