"""The durable log: what happened to each user's tasks, in order, without a gap."""
