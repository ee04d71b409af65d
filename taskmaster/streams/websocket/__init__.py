"""The plain WebSocket (RFC 6455)."""
