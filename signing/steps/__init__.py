"""What is done here, step by step, without HTTP: a view and its step share one word, so views say `steps.contract.begin`."""

from signing.steps import acceptance, acts, contract, issuance, pin, verifying

__all__ = ["acceptance", "acts", "contract", "issuance", "pin", "verifying"]
