"""Tasks: the reason for the rest."""
