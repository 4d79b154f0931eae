"""References that people read aloud and type: letters and digits of which none is taken for another."""

import secrets

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_reference(length: int = 8) -> str:
    return "".join(secrets.choice(LETTERS) for _letter in range(length))
