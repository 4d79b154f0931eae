"""Is it really them: capture, reading, review."""
