"""The whole file as one value, its sections in the order in which a reader needs them."""

from dataclasses import field
from pathlib import Path

from strategy.model.alerting import AlertRule, Channel
from strategy.model.classification import Burst, Category, FingerprintRule, Ignored, Severity
from strategy.model.following_up import Dashboard, Digest, Document, Incidents, Retention
from strategy.model.people import BusinessHours, EscalationStep, OnCall, Owner, QuietHours, Role
from strategy.model.sending import Environment, Sampling, Scrubbing, Sending, Spool
from strategy.model.service_levels import Feature, Goals, Probes, Rollback, Slo
from strategy.schema import NamedTables, Table, TableArray, key, section


@section
class Strategy:
    """strategy.toml, read and checked. Only environments, severities, owners, roles and categories must be there."""

    environments: dict[str, Environment] = key("Where the application runs.", NamedTables(Environment))
    severities: dict[str, Severity] = key(
        "How bad an error can be, and how soon who acts.", NamedTables(Severity)
    )
    roles: dict[str, Role] = key("Who can be told.", NamedTables(Role))
    owners: dict[str, Owner] = key("Who mends what.", NamedTables(Owner))
    categories: dict[str, Category] = key(
        "What an error can be: the one complete table.", NamedTables(Category)
    )
    document: Document | None = key("This file as a document.", Table(Document), default=None)
    ignored: tuple[Ignored, ...] = key("What is never sent one by one.", TableArray(Ignored), default=())
    bursts: dict[str, Burst] = key(
        "Many harmless things that are one suspicious one.", NamedTables(Burst), default_factory=dict
    )
    fingerprints: tuple[FingerprintRule, ...] = key(
        "Explicit groups for outages.", TableArray(FingerprintRule), default=()
    )
    scrubbing: Scrubbing = key(
        "What is taken out of all that is sent.", Table(Scrubbing), default_factory=Scrubbing
    )
    sending: Sending = key("Where events and trace headers may go.", Table(Sending), default_factory=Sending)
    sampling: Sampling = key("How much is sent.", Table(Sampling), default_factory=Sampling)
    spool: Spool = key("What waits on disk until it can be delivered.", Table(Spool), default_factory=Spool)
    features: dict[str, Feature] = key("What users do.", NamedTables(Feature), default_factory=dict)
    slos: dict[str, Slo] = key("What is promised.", NamedTables(Slo), default_factory=dict)
    alerts: tuple[AlertRule, ...] = key("When somebody is told.", TableArray(AlertRule), default=())
    channels: dict[str, Channel] = key("Through what.", NamedTables(Channel), default_factory=dict)
    business_hours: BusinessHours = key(
        "When people are at work.", Table(BusinessHours), default_factory=BusinessHours
    )
    quiet_hours: QuietHours = key(
        "When alerts that can wait, wait.", Table(QuietHours), default_factory=QuietHours
    )
    on_call: OnCall = key("How the rota turns.", Table(OnCall), default_factory=OnCall)
    escalation: tuple[EscalationStep, ...] = key("Who is told next.", TableArray(EscalationStep), default=())
    incidents: Incidents = key("What an incident owes.", Table(Incidents), default_factory=Incidents)
    goals: Goals = key("How good our own handling is to be.", Table(Goals), default_factory=Goals)
    dashboards: dict[str, Dashboard] = key("Pages of figures.", NamedTables(Dashboard), default_factory=dict)
    digest: Digest = key("What is written for people.", Table(Digest), default_factory=Digest)
    probes: Probes = key("How the monitor asks after the application.", Table(Probes), default_factory=Probes)
    rollback: Rollback = key("When a release is taken back.", Table(Rollback), default_factory=Rollback)
    retention: Retention = key("How long what is kept.", Table(Retention), default_factory=Retention)
    path: Path = field(default_factory=Path)
