"""What can be done with evidence and with a file at review. None of it knows HTTP."""

from kyc.steps import capture, facing, review

__all__ = ["capture", "facing", "review"]
