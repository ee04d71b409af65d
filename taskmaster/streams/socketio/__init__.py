"""Socket.IO, by python-socketio and engine.io: the namespace and its rooms."""
