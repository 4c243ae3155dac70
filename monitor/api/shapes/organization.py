"""The one organization, and its people."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from monitor.access.models import ApiToken, User
from monitor.access.scopes import granted
from monitor.api.named import ORGANIZATION_ID
from monitor.api.schemas import define
from monitor.api.shapes.times import iso

Json = dict[str, Any]
define("Avatar", {"avatarType": "str", "avatarUuid": "str?", "avatarUrl": "str?"})
define("Status", {"id": "str", "name": "str"})
define("Links", {"organizationUrl": "str", "regionUrl": "str"})
ORGANIZATION = define(
    "Organization",
    {
        "id": "str",
        "slug": "str",
        "name": "str",
        "status": "Status",
        "dateCreated": "date",
        "avatar": "Avatar",
        "links": "Links",
        "features": "[str]",
        "access": "[str]",
        "isEarlyAdopter": "bool",
        "require2FA": "bool",
        "hasAuthProvider": "bool",
        "allowMemberInvite": "bool",
        "allowMemberProjectCreation": "bool",
        "allowSuperuserAccess": "bool",
    },
)
USER = define(
    "User",
    {
        "id": "str",
        "name": "str",
        "username": "str",
        "email": "str",
        "avatarUrl": "str",
        "avatar": "Avatar",
        "isActive": "bool",
        "isSuspended": "bool",
        "isManaged": "bool",
        "isStaff": "bool",
        "isSuperuser": "bool",
        "hasPasswordAuth": "bool",
        "has2fa": "bool",
        "dateJoined": "date",
        "lastLogin": "date?",
        "lastActive": "date?",
        "experiments": "object",
        "emails": "[object]",
    },
)
MEMBER = define(
    "Member",
    {
        "id": "str",
        "email": "str",
        "name": "str",
        "user": "User",
        "orgRole": "=owner|member|viewer",
        "pending": "bool",
        "expired": "bool",
        "flags": "{bool}",
        "dateCreated": "date",
        "inviteStatus": "str",
        "inviterName": "str?",
        "projects": "[str]",
    },
)
ACTOR = define("Actor", {"type": "str", "id": "str", "name": "str", "email": "str"})
ROOT_INFORMATION = define("Caller", {"version": "str", "auth": "object", "user": "User"})
_ROLES = {"admin": "owner", "member": "member", "viewer": "viewer"}
_FLAGS = (
    "idp:provisioned", "idp:role-restricted", "sso:linked", "sso:invalid", "member-limit:restricted",
    "partnership:restricted",
)  # fmt: skip


def avatar() -> Json:
    return {"avatarType": "letter_avatar", "avatarUuid": None, "avatarUrl": None}


def organization(token: ApiToken) -> Json:
    first = User.objects.order_by("created_at").values_list("created_at", flat=True).first()
    return {
        "id": ORGANIZATION_ID,
        "slug": settings.ORGANIZATION,
        "name": settings.ORGANIZATION,
        "status": {"id": "active", "name": "active"},
        "dateCreated": iso(first or token.created_at),
        "avatar": avatar(),
        "links": {"organizationUrl": settings.PUBLIC_URL, "regionUrl": settings.PUBLIC_URL},
        "features": [],
        "access": sorted(granted(token)),
        "isEarlyAdopter": False,
        "require2FA": False,
        "hasAuthProvider": False,
        "allowMemberInvite": False,
        "allowMemberProjectCreation": False,
        "allowSuperuserAccess": False,
    }


def user(of: User) -> Json:
    return {
        "id": str(of.pk),
        "name": str(of),
        "username": of.email,
        "email": of.email,
        "avatarUrl": "",
        "avatar": avatar(),
        "isActive": of.is_active,
        "isSuspended": not of.is_active,
        "isManaged": False,
        "isStaff": of.is_admin,
        "isSuperuser": of.is_admin,
        "hasPasswordAuth": of.has_usable_password(),
        "has2fa": False,
        "dateJoined": iso(of.created_at),
        "lastLogin": iso(of.last_login) if of.last_login else None,
        "lastActive": iso(of.last_login) if of.last_login else None,
        "experiments": {},
        "emails": [{"id": str(of.pk), "email": of.email, "is_verified": True}],
    }


def member(of: User) -> Json:
    """`projects` has to be prefetched."""
    return {
        "id": str(of.pk),
        "email": of.email,
        "name": str(of),
        "user": user(of),
        "orgRole": _ROLES[of.role],
        "pending": False,
        "expired": False,
        "flags": dict.fromkeys(_FLAGS, False),
        "dateCreated": iso(of.created_at),
        "inviteStatus": "approved",
        "inviterName": None,
        "projects": sorted(project.slug for project in of.projects.all()),
    }


def actor(of: User) -> Json:
    return {"type": "user", "id": str(of.pk), "name": str(of), "email": of.email}
