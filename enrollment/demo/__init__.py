"""What only the demo desk, `manage.py bench` and the tests use: applications of people who exist nowhere."""
