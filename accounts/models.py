"""People. A user is known by an email address; what reports of errors say of them is an id and a role, nothing else."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from design.time_zones import known_time_zones


def validate_time_zone(value: str) -> None:
    """Raise ValidationError unless the name is in the IANA time zone database."""
    if value not in known_time_zones():
        raise ValidationError(
            _("“%(value)s” is not a time zone of the IANA list. Choose one such as Europe/Berlin."),
            params={"value": value},
        )


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make an account. Raises ValueError without an address, IntegrityError when the address is taken."""
        if not email:
            raise ValueError("An account needs an email address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    class Theme(models.TextChoices):
        SYSTEM = "system", _("As the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    email = models.EmailField(
        _("email address"),
        unique=True,
        error_messages={"unique": _("An account with this address exists. Log in, or reset its password.")},
    )
    name = models.CharField(_("name"), max_length=120)
    is_staff = models.BooleanField(_("may use the admin site"), default=False)
    is_active = models.BooleanField(_("may log in"), default=True)
    date_joined = models.DateTimeField(auto_now_add=True)
    theme = models.CharField(_("theme"), max_length=6, choices=Theme.choices, default=Theme.SYSTEM)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    time_zone = models.CharField(
        _("time zone"), max_length=40, default="UTC", validators=[validate_time_zone]
    )

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case")
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email

    @property
    def role(self) -> str:
        """The role on the site as a whole: admin or member. Roles in a project are in projects.Membership."""
        return "admin" if self.is_staff else "member"
