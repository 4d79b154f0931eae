"""Revocation lists: numbered, in time, and naming every serial that must not be trusted."""

from datetime import timedelta

import pytest
from cryptography import x509
from django.test import Client
from django.utils import timezone

from enrollment.journey import Step
from portal.models import User
from signing.authority import lists
from signing.authority.models import Authority, Issued
from signing.steps import issuance
from tests.signing.authority.conftest import revoked_in
from tests.signing.conftest import again, certificate_of, to

pytestmark = pytest.mark.once


def test_a_list_has_its_number_its_next_and_is_made_again_in_time(client: Client) -> None:
    issuer = Authority.now("issuing")
    before = lists.publish(issuer)
    lists.publish_due()
    assert lists.newest(issuer) == before
    issuer.lists.filter(pk=before.pk).update(made_at=timezone.now() - timedelta(hours=2))
    lists.publish_due()
    published = x509.load_der_x509_crl(client.get(f"/pki/{issuer.serial}.crl").content)
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
