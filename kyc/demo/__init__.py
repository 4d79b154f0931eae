"""What only the demo desk, the benches and the tests use: people, cards and films that the project draws."""
