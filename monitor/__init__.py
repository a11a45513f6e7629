"""The service: alarms, journal, notification, API and console around the pure rule engine."""
