"""Contract, key, certificate, signatures."""
