"""What the operator watches of the signer."""

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Max
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from portal.models import Heartbeat
from signing.authority import exchange
from signing.authority.models import Authority, RevocationList
from signing.models import Act, Certificate, Key, Paper


def standing() -> Iterator[GaugeMetricFamily]:
    silence = Heartbeat.silence("signer")
    silent = -1 if silence is None else silence.total_seconds()
    yield GaugeMetricFamily("portal_signer_silent_seconds", "Since the signer last spoke", value=silent)
    acts = Act.objects.filter(state__in=(Act.State.GIVEN, Act.State.TAKEN)).count()
    yield GaugeMetricFamily("portal_acts_waiting", "Confirmations that wait for the signer", value=acts)
    papers = Paper.objects.filter(state=Paper.State.AGREED).count()
    yield GaugeMetricFamily("portal_papers_unsealed", "Contracts that wait for the seal", value=papers)
    due = Certificate.objects.filter(state=Certificate.State.ISSUE_WAITING).count()
    yield GaugeMetricFamily("portal_certificates_due", "Certificates approved and not yet issued", value=due)
    pool = Key.pool(settings.KEY_KIND).count()
    yield GaugeMetricFamily("portal_keys_ready", "Key pairs made ahead", value=pool)
    age_of_key = exchange.age()
    old = -1 if age_of_key is None else age_of_key.total_seconds()
    yield GaugeMetricFamily("portal_pin_key_age_seconds", "Age of the key that receives PINs, -1 for none", value=old)
    issuing = {"issuer__role": Authority.Role.ISSUING, "issuer__not_after__gt": timezone.now()}
    newest = RevocationList.objects.filter(**issuing).values("issuer", "shard").annotate(made=Max("made_at"))
    oldest = min((row["made"] for row in newest), default=None)
    age = (timezone.now() - oldest).total_seconds() if oldest else -1
    yield GaugeMetricFamily("portal_list_age_seconds", "Age of the oldest list in force, -1 for none", value=age)
