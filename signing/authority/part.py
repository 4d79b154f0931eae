"""What the authority brings along."""

from portal.parts import SIGNER, Part

PART = Part(
    schedule={"signing.authority.tasks.publish": 30, "signing.authority.tasks.turn": 3600},
    queues={"signing.authority.tasks.*": SIGNER},
)
