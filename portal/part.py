"""What the ground floor itself brings along: see parts.py."""

from django.utils.translation import gettext_lazy as _

from portal import metrics, pages, seeds, waits
from portal.accounts.changing import CHANGES
from portal.audit.record import MESSAGES, VERBS
from portal.demo import people
from portal.parts import Part

READ = "SELECT"
DJANGOS = ("auth_group", "auth_group_permissions", "auth_permission", "django_content_type", "django_migrations")
ERASED = "id_number, full_name, phone, phone_index, email, email_index, password"
PART = Part(
    guarded={
        # Nobody changes or removes an entry; the worker marks which seal closed it.
        "portal_event": {"": "SELECT, INSERT", "worker": "SELECT, INSERT, UPDATE (seal_id)"},
        "portal_seal": {"": READ, "worker": "SELECT, INSERT"},
        # The public's door opens and closes customers' accounts and keeps their passwords, the worker erases what is closed;
        # what gives power is the desk's to write.
        "portal_user": {
            "public": "SELECT, INSERT, UPDATE (password, last_login, language, username, is_active)",
            "desk": "SELECT, INSERT, UPDATE",
            "worker": f"SELECT, UPDATE ({ERASED}, username, is_active)",
            "": READ,
        },
        "portal_user_groups": {"public": "SELECT, INSERT", "desk": "SELECT, INSERT, DELETE", "": READ},
        "portal_user_further_branches": {"desk": "SELECT, INSERT, DELETE", "": READ},
        "portal_change": {"desk": "SELECT, INSERT, UPDATE", "worker": "SELECT, UPDATE", "": READ},
        "portal_branch": {"desk": "SELECT, INSERT, UPDATE", "": READ},
        **{table: {"": READ} for table in DJANGOS},
    },
    # Of staff's rows the public's door changes none: neither their password nor their second factor.
    sheltered={
        "portal_user": "NOT is_staff",
        "mfa_authenticator": "NOT EXISTS (SELECT 1 FROM portal_user u WHERE u.id = user_id AND u.is_staff)",
    },
    verbs=VERBS,
    messages=MESSAGES,
    changes=CHANGES,
    schedule={
        "portal.tasks.deliver_messages": 10,
        "portal.tasks.seal_audit": 5,
        "portal.tasks.verify_audit": 86400,
        "portal.tasks.beat": 10,
        "portal.tasks.tidy": 3600,
    },
    keeps=(
        (_("Mã dùng một lần"), _("xóa một ngày sau khi hết hạn")),
        (_("Nhật ký: ai đã làm gì, ai đã xem gì"), _("không ai sửa hay xóa được; số giấy tờ và điện thoại được che")),
    ),
    seed=seeds.seed,
    gauges=metrics.gauges,
    places=pages.places,
    doors=people.doors,
    typed={_("Mật khẩu"): people.DEMO_PASSWORD},
    watches=waits.WATCHES,
    waits=waits.waits,
    benches="portal.demo.benches",
)
