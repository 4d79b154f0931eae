"""The authority within: its certificates have no legal value, and say so."""

from signing.authority import der, intents
from signing.authority.gateways.vault import sign_as_provider
from signing.authority.intents import Intent
from signing.authority.models import Authority


class Within:
    """Signs the intent as it stands: RSA signatures are the same each time, so is the certificate."""

    outside = False

    def issue(self, intent: Intent) -> bytes:
        signed = der.signed(intent.content, intent.issuer.algorithm, sign_as_provider(intent.issuer, intent.content))
        if wrong := intents.fault_of_ours(intent, signed, intent.issuer.read):
            raise intents.Away(wrong)
        return signed

    def issuer(self, intended: Authority) -> Authority:
        return intended
