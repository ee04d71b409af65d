"""Users, their passwords, and the sessions that their tokens belong to."""
