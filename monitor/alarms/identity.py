"""Which definition an alarm was raised under, as a hash that fits in every journal row."""

import functools
import hashlib

from monitor.alarms.definition import AlarmDefinition


@functools.lru_cache(maxsize=65_536)  # the board and the approval ask for the same ten thousand at start
def definition_hash(definition: AlarmDefinition) -> str:
    """SHA-256 over every field of the definition, as 64 hexadecimal digits."""
    return hashlib.sha256(definition.canonical().encode()).hexdigest()
