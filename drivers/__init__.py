"""Async acquisition from the plant.  Read-only: no write can be expressed here."""
