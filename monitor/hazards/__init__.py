"""Major hazard sources: what they hold, who answers for them, how much of them cannot be judged.  Pure."""
