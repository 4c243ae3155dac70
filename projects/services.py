"""What is done to projects, each with its line in the history."""

from uuid import UUID

from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import UserInputError
from core.sentry import add_breadcrumb
from projects.models import Activity, Membership, Project, Role

# Sent with `project=` inside the deleting transaction, so that apps above can clear what hangs on it.
project_deleting = Signal()


def record_activity(
    project: Project, *, actor: User | None, verb: str, kind: str, name: str, subject_id: UUID | None = None
) -> None:
    """Add a line to the project's history, mark the project as changed, and note the step for a report that may follow."""
    Activity.objects.create(
        project=project,
        actor=actor,
        verb=verb,
        subject_kind=kind,
        subject_id=subject_id,
        subject_name=name[:255],
    )
    Project.objects.filter(pk=project.pk).update(updated_at=timezone.now())
    # By id and kind: a name is the user's own words.
    about = {"kind": kind, "project_id": str(project.pk), "subject_id": str(subject_id or "")}
    add_breadcrumb(f"{kind} {verb}", category="user", data=about)


@transaction.atomic
def create_project(*, owner: User, name: str, description: str = "", synthetic: bool = False) -> Project:
    """Make a project with its owner as the first member."""
    project = Project.objects.create(name=name, description=description, synthetic=synthetic)
    Membership.objects.create(project=project, user=owner, role=Role.OWNER)
    record_activity(project, actor=owner, verb="created", kind="project", name=name, subject_id=project.id)
    return project


@transaction.atomic
def set_archived(project: Project, *, archived: bool, actor: User) -> None:
    """Put the project aside, or take it back."""
    project.archived_at = timezone.now() if archived else None
    project.save(update_fields=["archived_at", "updated_at"])
    verb = "archived" if archived else "restored"
    record_activity(project, actor=actor, verb=verb, kind="project", name=project.name, subject_id=project.id)


def delete_project(project: Project) -> None:
    """Delete the project and all that is in it. Apps that keep files or jobs for it hear `project_deleting` first."""
    with transaction.atomic():
        project_deleting.send(sender=Project, project=project)
        project.delete()


@transaction.atomic
def set_member(project: Project, *, user: User, role: Role, actor: User) -> Membership:
    """Add a member or change a role. Raises UserInputError when the project would lose its last owner."""
    member = Membership.objects.select_for_update().filter(project=project, user=user).first()
    if member is None:
        member = Membership.objects.create(project=project, user=user, role=role)
        verb = f"added as {role.value}"
    else:
        _keep_an_owner(member, becomes=role)
        member.role = role
        member.save(update_fields=["role"])
        verb = f"made {role.value}"
    record_activity(project, actor=actor, verb=verb, kind="member", name=user.name)
    return member


@transaction.atomic
def remove_member(member: Membership, *, actor: User) -> None:
    """End a membership. Raises UserInputError when the project would lose its last owner."""
    _keep_an_owner(member, becomes=None)
    member.delete()
    record_activity(member.project, actor=actor, verb="removed", kind="member", name=member.user.name)


def roles_to_give(role: Role) -> list[Role]:
    """Roles that a member with `role` may give: an owner all, a manager those below their own."""
    if role == Role.OWNER:
        return list(Role)
    return [other for other in Role if other.rank > role.rank] if role.may(Role.MANAGER) else []


def change_member(project: Project, *, user: User, role: Role, actor: User, actor_role: Role) -> Membership:
    """`set_member` on behalf of somebody. Raises UserInputError when their role does not reach that far."""
    present = Membership.objects.filter(project=project, user=user).first()
    givable = roles_to_give(actor_role)
    if role not in givable or (present is not None and Role(present.role) not in givable):
        raise UserInputError(
            _("With the role “%(own)s” you cannot make %(name)s “%(role)s”. Ask an owner to do it.")
            % {"own": actor_role.label, "name": user.name, "role": role.label}
        )
    return set_member(project, user=user, role=role, actor=actor)


def _keep_an_owner(member: Membership, *, becomes: Role | None) -> None:
    if member.role != Role.OWNER or becomes == Role.OWNER:
        return
    owners = Membership.objects.select_for_update().filter(project=member.project_id, role=Role.OWNER)
    if not owners.exclude(pk=member.pk).exists():
        raise UserInputError(
            _("%(name)s is the only owner of “%(project)s”. Make somebody else an owner first.")
            % {"name": member.user.name, "project": member.project.name}
        )
