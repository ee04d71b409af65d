"""What operators look at: health, logs, metrics."""
