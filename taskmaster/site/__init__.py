"""Pages: the board, the documentation."""
