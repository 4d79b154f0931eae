"""From the first click to an active account."""
