"""Whom a certificate names, from what was declared."""

from enrollment.identity import Document
from enrollment.models import Application, Ward
from signing.authority.profile import Holder

KINDS_OF_UID = {Document.CITIZEN: "CCCD", Document.PASSPORT: "HC", Document.OLD_CARD: "CMND"}


def holder_of(application: Application) -> Holder:
    declaration = application.declaration
    assert declaration
    ward = Ward.objects.select_related("province").get(code=declaration.ward)
    province = ward.province.name.removeprefix("Tỉnh ").removeprefix("Thành phố ")
    name, _at, domain = declaration.email.rpartition("@")
    email = f"{name}@{domain.encode('idna').decode()}"  # certificates write domains in plain letters
    uid = f"{KINDS_OF_UID[Document(declaration.document)]}:{declaration.number}"
    return Holder(province, ward.name, declaration.full_name, uid, email)
