"""What only the demo desk, the benches and the tests use: people, cards and films that the project draws."""

from kyc.demo.doors import doors, urls

__all__ = ["doors", "urls"]
