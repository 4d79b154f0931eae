"""Signing in and out: tries counted before they are made, sessions listed."""

import ipaddress
import time
from datetime import timedelta
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY, record_authentication
from allauth.core import context
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal import audit, sealing
from portal.accounts import work
from portal.accounts.binding import has_anothers
from portal.accounts.devices import device_of
from portal.accounts.notifying import notify_change
from portal.accounts.roles import limits
from portal.allowances import Limit
from portal.models import User
from portal.parts import Part, parts

log = structlog.get_logger(__name__)
SIGN_IN = Limit("sign-in", 5, timedelta(minutes=5), sliding=True)  # guide: five wrong tries lock for five minutes
# Passkey challenges that came to nothing, per network: each is a row for ten minutes, and a carrier's network has many.
CHALLENGES = Limit("passkey challenges", 5_000, timedelta(hours=1))
LOCKED = gettext_lazy(
    "Số này vừa được nhập sai mật khẩu 5 lần nên tạm khóa đăng nhập bằng mật khẩu. Vui lòng thử lại sau %(minutes)s phút "
    "(lúc %(until)s), hoặc dùng sinh trắc học, hoặc đặt lại mật khẩu."
)
BUSY = gettext_lazy(
    "Từ mạng Quý khách đang dùng vừa có nhiều lần nhập sai mật khẩu, nên mỗi lần thử cần thêm một bước kiểm tra tự động. "
    "Quý khách nhập lại mật khẩu, chờ %(seconds)s giây rồi bấm Đăng nhập; mạng khác (như 4G) thì không phải chờ."
)


def network_of(place: str) -> str:
    """The /24 or /64 around an address, as a blind index: enough to count by, not to find anyone."""
    address = ipaddress.ip_address(place)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    net = ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False)
    return sealing.blind_index("network", str(net))


def locked(limit: Limit, holder: str, words: Any = LOCKED) -> ValidationError:
    """What is closed, until when, and what to do meanwhile."""
    seconds = limit.seconds_to_wait(holder)
    until = timezone.localtime() + timedelta(seconds=seconds)
    return ValidationError(words % {"minutes": -(-seconds // 60), "until": f"{until:%H:%M %d/%m}"}, code="locked")


MESSAGES: dict[str, Any] = {
    **DefaultAccountAdapter.error_messages,
    "enter_current_password": gettext_lazy("Mật khẩu hiện tại chưa đúng."),
    "incorrect_password": gettext_lazy("Mật khẩu chưa đúng."),
    "rate_limited": gettext_lazy("Quý khách thao tác quá nhanh. Vui lòng chờ ít phút rồi thử lại."),
}


class AccountAdapter(DefaultAccountAdapter):
    error_messages = MESSAGES

    def is_open_for_signup(self, request: Any) -> bool:
        return False  # accounts are opened by activation, by staff, or at the counter

    def authenticate(self, request: Any, **credentials: Any) -> User | None:
        """Spend a try, then look: sixty guesses at once are still five. An unknown number costs and says the same."""
        net, known = (
            network_of(self.get_client_ip(request)),
            User.objects.filter(username=credentials["username"]).first(),
        )
        device = device_of(request)
        is_own = device.knows(known)
        # The account's own devices have tries of their own: nobody elsewhere can spend them.
        holder = (
            sealing.blind_index("own device", f"{credentials['username']} {device.name}")
            if is_own
            else credentials["username"]
        )
        if not is_own and work.asked(request, net):
            raise ValidationError(BUSY % {"seconds": work.seconds_for(net)}, code="busy")
        left = SIGN_IN.spend(holder)
        if left is None:
            raise locked(SIGN_IN, holder)
        user = super().authenticate(request, **credentials)
        if isinstance(user, User):
            SIGN_IN.restore(holder)
            return user
        work.NETWORK.spend(net)
        audit.record("sign-in", known or "", result="refused")
        if left == 0:
            raise locked(SIGN_IN, holder)
        raise ValidationError(
            _(
                "Số giấy tờ hoặc mật khẩu chưa đúng. Quý khách còn %(left)d lần thử; nhập sai quá 5 lần sẽ bị khóa 5 phút."
            )
            % {"left": left},
            code="wrong",
        )

    def pre_login(self, request: Any, user: Any, **kwargs: Any) -> Any:
        """By no door: staff whose roles nobody confirmed; demo people left in a database whose demo is over; nor by a second
        factor that its owner did not set up."""
        if not user.may_enter or (user.is_demo and not settings.DEMO):
            return self.respond_user_inactive(request, user)
        if has_anothers(user):
            log.error("a second factor is not its owner's", user=user.pk, alarm=True)
            audit.record("sign-in", user, result="refused", why="second factor")
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **kwargs)

    def login(self, request: Any, user: Any) -> None:
        super().login(request, user)
        UserSession.objects.create_from_request(request)
        request.session.set_expiry(0)  # a passkey's challenge had set a short one
        request.session["since"] = request.session["seen"] = int(time.time())
        # Whoever signed in a moment ago is not asked for the password again before setting up a second factor.
        for record in request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])[-1:]:
            record["reauthenticated"] = True
        request.entered = user  # the middleware makes the device known to this account
        audit.record("sign-in", user, user=user)

    def get_login_redirect_url(self, request: Any) -> str:
        """Whoever works here to what waits for them, whoever is a customer to the own application."""
        if not request.user.is_staff:
            return super().get_login_redirect_url(request)
        lands = (part.lands(request.user) for part in parts(Part))
        return reverse(next(filter(None, lands), "admin:index"))

    def logout(self, request: Any) -> None:
        audit.record("sign-out", request.user, user=request.user)
        super().logout(request)

    def set_password(self, user: Any, password: str) -> None:
        with transaction.atomic():
            user.set_password(password)
            user.save(update_fields=["password"])  # nothing else: it may have changed since this copy was read
            audit.record("password changed", user, user=user)

    def send_notification_mail(self, template_prefix: str, user: Any, *_args: Any, **_kwargs: Any) -> None:
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


def session_ends(session: SessionBase, user: User) -> float:
    """Unless there is another click before."""
    idle, absolute = limits(user)
    since: float = session.get("since", 0)
    return min(time.time() + idle.total_seconds(), since + absolute.total_seconds())


def is_password_of(user: User, password: str) -> bool:
    """Asked of somebody signed in, within the same budget as signing in: an open session is no place to guess."""
    return bool(AccountAdapter(context.request).reauthenticate(user, password))
