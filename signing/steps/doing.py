"""Which act does what."""

from signing.models import Act
from signing.steps import acceptance, pin
from signing.steps.acting import Doing

DOINGS: dict[str, Doing] = {Act.Kind.PIN: pin.create, Act.Kind.ACCEPT: acceptance.accept}
