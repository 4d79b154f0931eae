"""The review: queues, who holds a file, and every act that decides about one.

`verbs` is the whole table of what can be done with a file; `law` asks whether this person may, now; `deciding` is the one
door through which it is done; `acts` are what the verbs do, `turns` what all acts share. `arriving`, `objections` and
`deadlines` are what the journey, the customer and the calendar bring; `asking` is what is said without deciding."""

from kyc.steps.review import arriving, asking, deadlines, deciding, objections

__all__ = ["arriving", "asking", "deadlines", "deciding", "objections"]
