"""Evidence that customers give, what machines found in it, and what people decided."""

from kyc.models.capture import ITEMS, Challenge, Evidence, Help, Piece, Upload
from kyc.models.findings import Check, Mark
from kyc.models.remarks import Remark, SavedFilter
from kyc.models.review import Case, Decision, Policy, Sample

__all__ = [
    "ITEMS", "Case", "Challenge", "Check", "Decision", "Evidence", "Help", "Mark", "Piece", "Policy", "Remark",
    "Sample", "SavedFilter", "Upload",
]  # fmt: skip
