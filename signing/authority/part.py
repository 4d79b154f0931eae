"""What the authority brings along."""

from django.utils.translation import gettext_lazy as _

from portal.parts import SIGNER, Part

PART = Part(
    guarded={"authority_authority": {"signer": "SELECT, INSERT, UPDATE", "": "SELECT"}},
    verbs={"authority made": _("Tạo khóa cấp chứng thư số")},
    schedule={"signing.authority.tasks.publish": 30, "signing.authority.tasks.turn": 3600},
    queues={"signing.authority.tasks.*": SIGNER},
)
