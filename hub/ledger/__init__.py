"""The durable truth: the log, the transfers, and what the engine makes of them. The one write path."""
