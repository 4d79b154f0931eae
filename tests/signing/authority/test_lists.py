"""Revocation lists: numbered, in time, and naming every serial that must not be trusted."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from django.conf import settings
from django.test import Client
from django.utils import timezone

from enrollment.journey import Step
from portal.models import User
from signing.authority import lists
from signing.authority.models import Authority, Issued
from signing.authority.profile import read
from signing.models import Certificate
from signing.steps import issuance, standing
from signing.steps.issuance import der_of
from tests.signing.authority.conftest import revoked_in
from tests.signing.conftest import again, certificate_of, sure, to

pytestmark = pytest.mark.once


def test_a_list_has_its_number_its_next_and_is_made_again_in_time(client: Client) -> None:
    issuer = Authority.now("issuing")
    before = lists.publish(issuer)
    lists.publish_due()
    assert lists.newest(issuer) == before
    issuer.lists.filter(pk=before.pk).update(made_at=timezone.now() - timedelta(hours=2))
    lists.publish_due()
    published = x509.load_der_x509_crl(client.get(f"/pki/{issuer.serial}/0.crl").content)
    assert published.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == before.number + 1
    assert published.next_update_utc
    assert published.next_update_utc > timezone.now() + timedelta(hours=23)


def test_a_serial_that_was_given_up_is_told_as_revoked(client: Client, deciders: tuple[User, User]) -> None:
    application = again(to(Step.ISSUANCE, deciders))
    certificate = certificate_of(application)
    issuance.intend(certificate)
    serial = certificate_of(application).serial
    application.send_back({"card-front": "glare"})
    assert Issued.objects.get().revoked_at
    assert Issued.objects.get().serial == serial
    lists.publish_due()
    assert revoked_in(client) == {int(serial, 16): "cessation_of_operation"}
    assert not certificate_of(application).serial


def test_a_certificate_names_the_one_list_on_which_it_would_stand(client: Client, issued: Certificate) -> None:
    issuer = Authority.now("issuing")
    [place] = read(der_of(issued)).extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    address = sure(place.full_name)[0].value
    shard = int(issued.serial, 16) % issuer.shards
    assert address == f"{settings.PKI_URL}/{issuer.serial}/{shard}.crl"
    published = x509.load_der_x509_crl(client.get(urlsplit(address).path).content)
    scope = published.extensions.get_extension_for_class(x509.IssuingDistributionPoint)
    assert scope.critical
    assert scope.value.full_name == place.full_name
    assert client.get(f"/pki/{issuer.serial}/{issuer.shards}.crl").status_code == 404


def test_what_has_run_out_leaves_but_stands_on_one_list_more(
    client: Client, issued: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing.revoke(issued)
    lists.publish_due()
    ends, serial = sure(issued.not_after), int(issued.serial, 16)
    for days, stands in ((-1, True), (1, True), (lists.STAYS.days + 1, False)):
        monkeypatch.setattr(timezone, "now", lambda days=days: ends + timedelta(days=days))
        lists.publish_due()
        assert (serial in revoked_in(client)) == stands, days


def test_an_end_that_passed_while_the_signer_was_away_stands_on_one_list_more(
    client: Client, issued: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing.revoke(issued)
    lists.publish_due()
    monkeypatch.setattr(timezone, "now", lambda: sure(issued.not_after) + 2 * lists.STAYS)
    lists.publish_due()
    assert int(issued.serial, 16) in revoked_in(client)
    lists.publish_due()
    assert int(issued.serial, 16) not in revoked_in(client)
