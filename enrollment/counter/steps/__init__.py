"""What an agent does at a counter. None of it knows HTTP."""

from enrollment.counter.steps import attesting, rehearsing, serving

__all__ = ["attesting", "rehearsing", "serving"]
