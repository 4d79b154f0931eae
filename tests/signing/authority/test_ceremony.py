"""The provider's own keys over the years."""

import sys
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from enrollment.journey import Step
from portal.models import User
from signing.authority import ceremony, ocsp
from signing.authority.gateways.software import SoftwareVault
from signing.authority.models import Authority
from tests.conftest import at_once
from tests.signing.conftest import certificate_of, to


def test_after_a_roll_over_each_authority_keeps_a_responder_of_its_own(
    deciders: tuple[User, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, real = certificate_of(to(Step.ACCEPTANCE, deciders)), timezone.now
    ceremony.turn_issuing(Authority.now("root"), settings.ROOT_FOLDER)
    for days in (20, 62, 95, 150, 200):
        monkeypatch.setattr(timezone, "now", lambda days=days: real() + timedelta(days=days))
        ceremony.turn_due()
        for issuer in Authority.objects.filter(role="issuing"):
            assert ocsp.responder_for(issuer).issuer_id == issuer.pk
    assert ocsp.sign_answers() == 1
    assert certificate.issuer != Authority.now("issuing")


def test_near_its_end_an_authority_makes_no_responder_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = Authority.now("issuing").not_after
    assert ends
    for hours in (500, 400, 300):
        monkeypatch.setattr(timezone, "now", lambda hours=hours: ends - timedelta(hours=hours))
        ceremony.turn_due()
    assert Authority.objects.filter(role="responder", not_after=ends).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_of_ceremonies_at_once_one_makes_the_vaults_master_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others wait until it has: a token would take several of a name, and nothing would open ever after."""
    at_work, times = list[str](), list[int]()

    def slowly(_vault: object) -> None:
        at_work.append("one")
        times.append(len(at_work))
        time.sleep(0.3)
        at_work.pop()

    monkeypatch.setattr(SoftwareVault, "establish", slowly)
    Authority.objects.filter(role=Authority.Role.VAULT).delete()
    assert at_once(4, lambda _place: ceremony.establish_vault()) == [None] * 4
    assert times == [1]


def test_a_ceremony_killed_while_it_made_them_makes_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    Authority.objects.filter(role=Authority.Role.VAULT).delete()
    with monkeypatch.context() as patched:
        patched.setattr(SoftwareVault, "establish", lambda _vault: sys.exit())
        with pytest.raises(SystemExit):
            ceremony.establish_vault()
    assert not Authority.objects.filter(role=Authority.Role.VAULT).exists()
    ceremony.establish_vault()
    assert Authority.objects.filter(role=Authority.Role.VAULT).exists()
