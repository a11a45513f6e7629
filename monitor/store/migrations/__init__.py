"""Revisions of the journal's database, run from the installed package by `monitor.store.database`."""
