"""What can be done with evidence and with a file at review. None of it knows HTTP."""

from kyc.steps import capture, facing, handing, review

__all__ = ["capture", "facing", "handing", "review"]
