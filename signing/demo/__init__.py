"""What only the demo desk, the benches and the tests use: how the demo's people sign, and what signing costs."""
