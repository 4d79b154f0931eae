"""Who may come in, and what they may do there: never a row's word alone."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from portal.accounts.roles import permissions_of
from portal.models import User


class Backend(AuthenticationBackend):
    """Rights are those of the roles a person has, as the tables in the code say: no row in Django's own tables of rights,
    and no flag of a superuser, gives anybody anything."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Asked at each sign-in and of each session at each request."""
        return isinstance(user, User) and user.may_enter

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not isinstance(user_obj, User) or not user_obj.is_active or obj is not None:
            return set()
        return {permission for role in user_obj.roles for permission in permissions_of(role)}

    get_group_permissions = get_all_permissions
