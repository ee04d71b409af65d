"""Real parts for the tests: databases, Redis, server processes and a small client."""
