"""The outside observer: plays an incident and times every stage by HTTP, MQTT and the logs of others only."""
