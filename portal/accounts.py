"""People: roles and what they may do, how they sign in, and what a password must be."""

import ipaddress
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY, record_authentication
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.models import Group, Permission
from django.contrib.auth.password_validation import CommonPasswordValidator, validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal import audit, codes, outbox, sealing, writing
from portal.allowances import Limit
from portal.models import Branch, User
from portal.refusals import Refusal

# ── Roles ──


@dataclass(frozen=True)
class Role:
    label: Any
    idle: timedelta  # signed out after so long without a click
    absolute: timedelta  # signed out after so long in any case
    permissions: tuple[str, ...] = ()
    staff: bool = True


MINUTES, HOURS = timedelta(minutes=1), timedelta(hours=1)
REVIEWING = ("enrollment.view_application", "kyc.view_case", "kyc.view_evidence", "kyc.change_case")
ROLES: dict[str, Role] = {
    "customer": Role(gettext_lazy("Khách hàng"), 30 * MINUTES, 12 * HOURS, staff=False),
    "agent": Role(gettext_lazy("Nhân viên quầy"), 30 * MINUTES, 10 * HOURS, ("enrollment.view_application",)),
    "reviewer": Role(gettext_lazy("Thẩm định viên"), 30 * MINUTES, 10 * HOURS, REVIEWING),
    "approver": Role(gettext_lazy("Người duyệt"), 30 * MINUTES, 10 * HOURS, REVIEWING),
    "supervisor": Role(
        gettext_lazy("Giám sát"),
        30 * MINUTES,
        10 * HOURS,
        (
            "portal.view_user",
            "portal.view_branch",
            "portal.view_message",
            "portal.view_event",
            "enrollment.view_application",
            "enrollment.change_application",
            "enrollment.view_payment",
            "enrollment.view_refund",
            "enrollment.change_refund",
            "enrollment.view_invoice",
            "enrollment.view_plan",
            "enrollment.add_plan",
            "enrollment.change_plan",
            "kyc.view_case",
            "kyc.view_evidence",
            "kyc.change_case",
            "kyc.view_policy",
            "kyc.add_policy",
            "kyc.change_policy",
        ),
    ),
    "operator": Role(
        gettext_lazy("Vận hành"),
        15 * MINUTES,
        10 * HOURS,
        (
            "portal.view_user",
            "portal.add_user",
            "portal.change_user",
            "portal.view_branch",
            "portal.add_branch",
            "portal.change_branch",
            "portal.view_message",
            "portal.change_message",
            "portal.view_event",
            "enrollment.view_application",
            "enrollment.change_application",
            "enrollment.view_payment",
            "enrollment.view_refund",
            "enrollment.view_invoice",
            "enrollment.change_invoice",
        ),
    ),
    "auditor": Role(
        gettext_lazy("Kiểm toán"),
        15 * MINUTES,
        10 * HOURS,
        (
            "portal.view_event",
            "portal.view_user",
            "portal.view_message",
            "enrollment.view_application",
            "enrollment.view_payment",
            "enrollment.view_refund",
            "kyc.view_case",
            "kyc.view_policy",
        ),
    ),
}


def plant_roles() -> None:
    """Groups as the table says, no more and no less; run at every start."""
    for name, role in ROLES.items():
        group, _new = Group.objects.get_or_create(name=name)
        granted = [
            Permission.objects.get(content_type__app_label=app, codename=codename)
            for app, codename in (permission.split(".") for permission in role.permissions)
        ]
        group.permissions.set(granted)


def labels(roles: Iterable[str]) -> str:
    return ", ".join(str(ROLES[role].label) for role in roles if role in ROLES)


def limits(user: User) -> tuple[timedelta, timedelta]:
    """The shortest idle and absolute limits of all the roles a person has."""
    roles = [ROLES[name] for name in user.roles if name in ROLES] or [ROLES["customer"]]
    return min(role.idle for role in roles), min(role.absolute for role in roles)


def known_by(text: str, person: str = "username") -> Q:
    """Whoever has exactly this number, phone or e-mail; sealed data can be found no other way."""
    return (
        Q(**{person: User.username_for(text)})
        | Q(phone_index=sealing.blind_index("phone", writing.mobile(text)))
        | Q(email_index=sealing.blind_index("email", writing.email(text).lower()))
    )


def display_name(user: User) -> str:
    return str(user.full_name)


@transaction.atomic
def open_account(
    *,
    number: str,
    full_name: str,
    phone: str,
    email: str,
    roles: Iterable[str],
    branch: Branch | None = None,
    password: str | None = None,
    language: str = "vi",
    demo: bool = False,
    vouched: bool = False,
) -> User:
    """A new account. Without a password its owner sets one by a code, so that nobody else ever knew it."""
    names = set(roles)
    user = User(
        id_number=number,
        full_name=full_name,
        phone=phone,
        email=email,
        branch=branch,
        language=language,
        is_staff=any(ROLES[name].staff for name in names),
        is_demo=demo,
        is_vouched=vouched or demo,
        roles_by=audit.actor.get().user,
    )
    user.set_password(password)
    user.save()
    user.groups.set(Group.objects.filter(name__in=names))
    audit.record("account opened", user, roles=sorted(names))
    if password is None:
        outbox.post("portal/messages/account_opened", [labels(sorted(names))], user, intent=f"account opened {user.pk}")
    return user


@transaction.atomic
def change_account(user: User, changed: Iterable[str]) -> None:
    """What staff changed of somebody's account, and nothing else. Where codes go is told to where they went before."""
    fields = {name for name in changed if name in {"full_name", "phone", "email", "language", "branch", "is_active"}}
    before = User.objects.select_for_update().get(pk=user.pk)
    moved = fields & {"phone", "email"}
    if moved:
        notify_change(before, "contact_changed")
        for session in UserSession.objects.filter(user=user):
            session.end()
        # Where codes go decides who can sign in: whoever redirects them needs a second person again.
        user.is_vouched, user.roles_by = False, audit.actor.get().user
        fields |= {"is_vouched", "roles_by"}
    user.save(update_fields=[*fields, *(f"{name}_index" for name in moved)])
    audit.record("account changed", user, fields=sorted(fields - {"is_vouched", "roles_by"}))


@transaction.atomic
def change_roles(user: User, roles: Iterable[str]) -> None:
    names = sorted(set(roles))
    before = sorted(user.groups.values_list("name", flat=True))
    if before == names:
        return
    user.groups.set(Group.objects.filter(name__in=names))
    user.is_staff = any(ROLES[name].staff for name in names)
    user.roles_by, user.is_vouched = audit.actor.get().user, False
    user.save(update_fields=["is_staff", "roles_by", "is_vouched"])
    audit.record("roles changed", user, before=before, after=names)


@transaction.atomic
def vouch(user: User, by: User) -> None:
    """A second person confirms the roles that a first one gave; one whose own roles were confirmed."""
    check_vouched(by)
    if by.pk in (user.pk, user.roles_by_id):
        raise Refusal("same-person", _("Vai trò phải do người khác xác nhận, không phải người đã giao."), status=403)
    if User.objects.filter(pk=user.pk, is_vouched=False, roles_by=user.roles_by_id).update(is_vouched=True):
        audit.record("roles confirmed", user, user=by, roles=user.roles)


def check_vouched(user: User) -> None:
    """Asked of whoever decides about people, looks at their pictures, or says how others decide."""
    if not is_vouched(user):
        raise Refusal("not-vouched", _("Vai trò này chưa được người thứ hai xác nhận."), status=403)


def is_vouched(user: User) -> bool:
    return user.is_vouched and user.is_active


# ── Signing in ──

SIGN_IN = Limit("sign-in", 5, timedelta(minutes=5), sliding=True)  # guide: five wrong tries lock for five minutes
NETWORK = Limit("sign-in network", 200, timedelta(hours=1))  # wrong tries from one network, whoever they aim at
SECOND_FACTOR = Limit("second factor", 5, timedelta(minutes=5), sliding=True)
SECOND_FACTOR_DAY = Limit("second factor day", 30, timedelta(days=1))
CHALLENGES = Limit("passkey challenges", 120, timedelta(hours=1))  # per network
LOCKED = gettext_lazy("Quý khách đã nhập sai quá 5 lần. Tài khoản tạm khóa; vui lòng thử lại sau %(minutes)s phút.")


def network_of(place: str) -> str:
    """The /24 or /64 around an address, as a blind index: enough to count by, not to find anyone."""
    address = ipaddress.ip_address(place)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    net = ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False)
    return sealing.blind_index("network", str(net))


def locked(limit: Limit, holder: str) -> ValidationError:
    minutes = -(-limit.seconds_to_wait(holder) // 60)
    return ValidationError(LOCKED % {"minutes": minutes}, code="locked")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {  # noqa: RUF012
        **DefaultAccountAdapter.error_messages,
        "enter_current_password": gettext_lazy("Mật khẩu hiện tại chưa đúng."),
        "incorrect_password": gettext_lazy("Mật khẩu chưa đúng."),
        "rate_limited": gettext_lazy("Quý khách thao tác quá nhanh. Vui lòng chờ ít phút rồi thử lại."),
    }

    def is_open_for_signup(self, request: Any) -> bool:
        return False  # accounts are opened by activation, by staff, or at the counter

    def authenticate(self, request: Any, **credentials: Any) -> User | None:
        """Spend a try, then look: sixty guesses at once are still five. An unknown number costs and says the same."""
        holder, net = credentials["username"], network_of(self.get_client_ip(request))
        if NETWORK.is_spent(net):
            raise locked(NETWORK, net)
        left = SIGN_IN.spend(holder)
        if left is None:
            raise locked(SIGN_IN, holder)
        user: User | None = super().authenticate(request, **credentials)
        if user:
            SIGN_IN.restore(holder)
            return user
        NETWORK.spend(net)
        audit.record("sign-in", User.objects.filter(username=holder).first() or "", result="refused")
        if left == 0:
            raise locked(SIGN_IN, holder)
        raise ValidationError(
            _(
                "Số giấy tờ hoặc mật khẩu chưa đúng. Quý khách còn %(left)d lần thử; nhập sai quá 5 lần sẽ bị khóa 5 phút."
            )
            % {"left": left},
            code="wrong",
        )

    def pre_login(self, request: Any, user: User, **kwargs: Any) -> Any:
        """Demo people may be left in a database whose demo is over; by no door do they come in."""
        if user.is_demo and not settings.DEMO:
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **kwargs)

    def login(self, request: Any, user: User) -> None:
        super().login(request, user)
        UserSession.objects.create_from_request(request)
        request.session.set_expiry(0)  # a passkey's challenge had set a short one
        request.session["since"] = request.session["seen"] = int(time.time())
        # Whoever signed in a moment ago is not asked for the password again before setting up a second factor.
        for record in request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])[-1:]:
            record["reauthenticated"] = True
        audit.record("sign-in", user, user=user)

    def logout(self, request: Any) -> None:
        audit.record("sign-out", request.user, user=request.user)
        super().logout(request)

    def set_password(self, user: User, password: str) -> None:
        with transaction.atomic():
            user.set_password(password)
            user.save(update_fields=["password"])  # nothing else: it may have changed since this copy was read
            audit.record("password changed", user, user=user)

    def send_notification_mail(self, template_prefix: str, user: User, *_args: Any, **_kwargs: Any) -> None:
        """allauth tells what changed; we tell the person by SMS and e-mail, from our own templates."""
        what = template_prefix.rpartition("/")[2]
        notify_change(user, what)


def enter(request: Any, user: User, *, second_factor: bool = False) -> None:
    """Sign in somebody who has just proved who they are by other means than the form."""
    user.backend = settings.AUTHENTICATION_BACKENDS[0]
    record_authentication(request, user, "password")
    if second_factor:
        record_authentication(request, user, "mfa", type="totp")
    AccountAdapter(request).login(request, user)


def is_password_of(user: User, password: str) -> bool:
    """Asked of somebody signed in, within the same budget as signing in: an open session is no place to guess."""
    return bool(AccountAdapter(context.request).reauthenticate(user, password))


CHANGES: dict[str, Any] = {
    "contact_changed": gettext_lazy("số điện thoại hoặc email nhận mã"),
    "password_changed": gettext_lazy("mật khẩu"),
    "totp_activated": gettext_lazy("ứng dụng xác thực (bật)"),
    "totp_deactivated": gettext_lazy("ứng dụng xác thực (tắt)"),
    "webauthn_added": gettext_lazy("khóa sinh trắc học (thêm)"),
    "webauthn_removed": gettext_lazy("khóa sinh trắc học (gỡ)"),
    "recovery_codes_generated": gettext_lazy("mã dự phòng"),
}


@transaction.atomic
def notify_change(user: User, what: str) -> None:
    if what not in ("password_changed", "contact_changed"):  # those have entries of their own
        audit.record(what.replace("_", " "), user, user=user)
    with outbox.in_language_of(user):
        name = str(CHANGES[what])
    moment = timezone.localtime()
    outbox.post(
        "portal/messages/security_changed",
        [name, f"{moment:%H:%M %d/%m/%Y}"],
        user,
        intent=f"security {user.pk} {what} {moment:%s%f}",
        good_until=timezone.now() + timedelta(days=1),
    )


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: secrets sealed, a name that shows no user name, and none taken from staff."""

    PLACE = "mfa_authenticator.data"
    error_messages = {  # noqa: RUF012
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": gettext_lazy("Nhân viên phải giữ ít nhất một lớp xác thực thứ hai."),
        "incorrect_code": gettext_lazy("Mã chưa đúng. Quý khách hãy xem mã mới trong ứng dụng rồi nhập lại."),
    }

    def encrypt(self, text: str) -> str:
        return sealing.seal(text.encode(), self.PLACE)

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text, self.PLACE).decode()

    def _get_user_identifier(self, user: User) -> str:
        return writing.masked(user.id_number)

    def _get_site_name(self) -> str:
        return "VNPT SmartCA"

    def generate_authenticator_name(self, user: User, type: Any) -> str:
        return _("Thiết bị %(number)d") % {"number": Authenticator.objects.filter(user=user, type=type).count() + 1}

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        others = Authenticator.objects.filter(user=authenticator.user).exclude(pk=authenticator.pk)
        return bool(not authenticator.user.is_staff or others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists())


def check_second_factor(user: User, check: Callable[[], str]) -> str:
    """Spend a try, then let allauth look."""
    for limit in (SECOND_FACTOR, SECOND_FACTOR_DAY):
        if limit.spend(str(user.pk)) is None:
            raise locked(limit, str(user.pk))
    try:
        code = check()
    except ValidationError:
        audit.record("second factor", user, result="refused")
        raise
    # allauth remembers a used code for 30 s, but takes it for 90.
    if not cache.add(sealing.blind_index("used second factor", f"{user.pk} {code}"), True, 120):
        raise MFAAdapter().validation_error("incorrect_code")
    for limit in (SECOND_FACTOR, SECOND_FACTOR_DAY):
        limit.restore(str(user.pk))
    return code


def check_password_for(password: str, *, number: str, full_name: str, phone: str, email: str) -> None:
    """For somebody who has no account yet."""
    validate_password(password, User(id_number=number, full_name=full_name, phone=phone, email=email))


def has_second_factor(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).exists())


# ── Forgotten password ──

RESET = "password reset"
RESET_LASTS = timedelta(minutes=15)


def request_reset(number: str, place: str) -> str:
    """Send a code to the phone and e-mail of whoever has this number, and say nothing of whether there is one.

    An unknown number gets a code too, sent to nobody, so that the next page behaves alike."""
    target = User.username_for(number)
    with transaction.atomic():
        made = codes.make(RESET, target, lasts=RESET_LASTS, network=network_of(place))
        user = may_reset(target)
        if user is None:
            post_to_nobody(made)
        else:
            minutes = str(int(RESET_LASTS.total_seconds() // 60))
            outbox.post(
                "portal/messages/password_reset",
                [made.digits, minutes],
                user,
                intent=f"{RESET} {target} {made.expires_at.timestamp()}",
                good_until=made.expires_at,
            )
        audit.record("password reset asked", user or "")
    return target


def may_reset(target: str) -> User | None:
    found = User.objects.filter(username=target, is_active=True)
    return (found if settings.DEMO else found.filter(is_demo=False)).first()


def post_to_nobody(made: codes.Made) -> None:
    """The same sealing and writing as for somebody, and then undone: the time tells nothing either."""
    undo = transaction.savepoint()
    nobody = User(phone="0900000000", email="nobody@example.vn", language="vi")
    outbox.post("portal/messages/password_reset", [made.digits, "15"], nobody, intent=f"{RESET} nobody {undo}")
    transaction.savepoint_rollback(undo)
    transaction.on_commit(outbox.waker.wake, robust=True)


def check_reset(target: str, digits: str) -> None:
    try:
        codes.check(RESET, target, digits)
    except Refusal:
        audit.record("password reset", User.objects.filter(username=target).first() or "", result="refused")
        raise


def reset(target: str, password: str) -> None:
    """After the code was right: set the password, and with it end every session of this person."""
    user = may_reset(target)
    if user is None:
        raise codes.ended()
    validate_password(password, user)
    with transaction.atomic():
        AccountAdapter(context.request).set_password(user, password)
        SIGN_IN.restore(target)
        notify_change(user, "password_changed")


# ── Passwords ──

SPECIALS = "~!@#$%^&*_-+=`|(){}[]:;\"'<>,.?/\\"
KINDS: dict[str, tuple[str, Any]] = {  # the page's live checklist reads the same table
    "length": (r"^.{8,30}$", gettext_lazy("Từ 8 đến 30 ký tự")),
    "upper": (r"[A-Z]", gettext_lazy("Có chữ in hoa (A–Z)")),
    "lower": (r"[a-z]", gettext_lazy("Có chữ in thường (a–z)")),
    "digit": (r"[0-9]", gettext_lazy("Có chữ số (0–9)")),
    "special": (r"[^A-Za-z0-9\s]", gettext_lazy("Có ký tự đặc biệt, ví dụ @ # ! %")),
    "plain": (r"^[!-~]*$", gettext_lazy("Không dấu tiếng Việt, không khoảng trắng")),
}


class PasswordHasher(Argon2PasswordHasher):
    """Argon2id at 19 MiB, two passes: what OWASP asks for, about 30 ms."""

    time_cost, memory_cost, parallelism = 2, 19_456, 1


class FourKinds:
    """Guide 2: at least 8 characters with upper case, lower case, digit and special character."""

    def validate(self, password: str, user: User | None = None) -> None:
        missing = [label for pattern, label in KINDS.values() if not re.search(pattern, password)]
        if missing:
            raise ValidationError([ValidationError(label, code="missing") for label in missing])

    def get_help_text(self) -> str:
        return _("8–30 ký tự, gồm chữ in hoa, chữ in thường, chữ số và ký tự đặc biệt.")


class NotAboutThePerson:
    """Not the ID number, the phone or the name, whole or in part."""

    def validate(self, password: str, user: User | None = None) -> None:
        if user is None or not user.id_number:
            return
        typed = password.casefold()
        digits = [user.id_number, user.id_number[-6:], user.phone, user.phone[-6:]]
        name = writing.fold(user.full_name).casefold().split()
        mailbox = user.email.partition("@")[0].casefold()
        inside = [*digits, "".join(name), *([mailbox] if len(mailbox) > 3 else [])]
        words = set(re.findall(r"[a-z]+", typed)) & {word for word in name if len(word) > 2}
        if words or any(part and part.casefold() in typed for part in inside):
            raise ValidationError(
                _("Mật khẩu không được chứa họ tên, số giấy tờ, số điện thoại hoặc email."), code="about-the-person"
            )

    def get_help_text(self) -> str:
        return _("Không chứa họ tên, số giấy tờ, số điện thoại hoặc email.")


class NotCommon(CommonPasswordValidator):
    """Nor a common one in disguise: "P@ssw0rd!2026" is "password" and a year."""

    DISGUISES = str.maketrans("@$!013457", "asioleast")

    def validate(self, password: str, user: Any = None) -> None:
        small = password.casefold()
        bare = re.sub(r"[^a-z0-9]", "", small)
        undone = re.sub(r"[^a-z]", "", re.sub(r"[\d\W_]+$", "", small).translate(self.DISGUISES))
        if {small, bare, *({undone, undone + "1"} if len(undone) > 3 else ())} & self.passwords:
            raise ValidationError(
                _("Mật khẩu này quá phổ biến, dễ bị đoán. Quý khách hãy chọn mật khẩu khác."), code="common"
            )

    def get_help_text(self) -> str:
        return _("Không phải mật khẩu phổ biến.")
