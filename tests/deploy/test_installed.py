"""What is installed from: each file by the tool that is made for it, and every name in it against the real program."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import compose_spec
import kubernetes_validate
import pytest
import typer
import yaml
from packaging.specifiers import SpecifierSet
from typer.main import get_command

from deploy.cluster import STORE_KEY, ClusterServer
from deploy.permissions import PARTS, SET_UP
from events import DESKS
from services.cli import make_app
from services.system import Settings
from tests.support.inside import run_inside

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CONTAINER = DEPLOY / "container" / "Containerfile"
COMPOSE = DEPLOY / "compose"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MANIFESTS = sorted((DEPLOY / "kubernetes" / "base").glob("*.yaml"))
FILES = [CONTAINER, *sorted(COMPOSE.glob("*.y*ml")), *UNITS, *MANIFESTS, DEPLOY / "kubernetes" / "kustomization.yaml"]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
BINARIES = Path(sys.executable).parent
EXPOSURE = 20
"""What `systemd-analyze security` may find of each unit, in tenths: 2.0 of 10; 9.2 is a unit without any protection."""
SECRETS = [f"part-{part}" for part in (SET_UP, "view", "archive", "page", *DESKS)]


def parsed(words: list[str]) -> None:
    """Have the real command line read a command, options and all; it is not carried out. Raises what is wrong in it."""
    command: Any = get_command(make_app())
    context = typer.Context(command)
    while hasattr(command, "resolve_command"):
        name, command, words = command.resolve_command(context, words)
        assert command is not None, name
    command.make_context(command.name, list(words))


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((COMPOSE / "compose.yaml").read_text("utf-8"))
    return read


def documents() -> Iterator[dict[str, Any]]:
    for file in MANIFESTS:
        if file.name != "kustomization.yaml":
            yield from yaml.safe_load_all(file.read_text("utf-8"))


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for each in documents():
        if "template" in each.get("spec", {}):
            yield each["metadata"]["name"], each["spec"]["template"]["spec"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_setting_that_is_named_is_one(file: Path) -> None:
    known = {setting.variable for setting in Settings.described()} | {STORE_KEY}
    assert set(re.findall(r"\bKINDINBEELD_[A-Z_]+\b", file.read_text("utf-8"))) <= known


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_images_are_pinned_and_ours_is_this_version(file: Path) -> None:
    for image in re.findall(r"^\s*(?:image: |FROM )(\S+)", file.read_text("utf-8"), re.MULTILINE):
        name, _, tag = image.partition(":")
        assert re.search(r"\d", tag), image
        assert tag != "latest"
        assert name != "kindinbeeld" or tag == VERSION


def test_the_container_file_is_as_it_should_be() -> None:
    hadolint = BINARIES / "hadolint"
    done = subprocess.run(
        [str(hadolint), "--failure-threshold", "style", str(CONTAINER)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_the_container_file_holds_what_the_program_needs() -> None:
    text = CONTAINER.read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for package in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        assert f"COPY {package} {package}\n" in text
    for python in re.findall(r"FROM python:([\d.]+)", text):
        assert SpecifierSet(project["project"]["requires-python"]).contains(python)
    taken = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    for source in re.findall(r"^COPY ((?!--from)[^\n]+) \S+$", text, re.MULTILINE):
        for name in source.split():
            assert (ROOT / name).exists()
            assert any(line.removeprefix("!").split("/")[0] == name for line in taken), f"{name} is left out"
    settings = Settings()
    ports = [settings.port, *(settings.desk_port_of(desk) for desk in DESKS)]
    assert f"EXPOSE {' '.join(map(str, ports))}\n" in text
    parsed(json.loads(text.rpartition("CMD ")[2]))
    assert (BINARIES / json.loads(re.findall(r"^ENTRYPOINT (.+)$", text, re.MULTILINE)[0])[0]).exists()
    assert text.count("USER 10001:10001") == 1


def test_the_compose_file_is_one() -> None:
    read = compose()
    assert compose_spec.PyCompose.from_json(json.dumps(read)).services
    broken = compose()
    broken["services"]["page"]["restart"] = "sometimes"
    with pytest.raises(ValueError, match="sometimes"):
        compose_spec.PyCompose.from_json(json.dumps(broken))
    docker = shutil.which("docker")
    if docker and subprocess.run([docker, "compose", "version"], capture_output=True).returncode == 0:
        asked = {
            "DATABASE_PASSWORD": "x",
            "METRICS_TOKEN": "x",
            "GRAFANA_ADMIN_PASSWORD": "x",
            "KINDINBEELD_PAGE_URL": "https://x.example/",
        }
        command = [
            docker,
            "compose",
            "--file",
            str(COMPOSE / "compose.yaml"),
            "config",
            "--quiet",
            "--no-env-resolution",
        ]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | asked)
        assert done.returncode == 0, done.stderr


def test_the_services_of_the_compose_file_are_the_real_programs() -> None:
    read = compose()
    ours = {name: each for name, each in read["services"].items() if each["image"].startswith("kindinbeeld:")}
    assert {f"desk-{desk}" for desk in DESKS} | {
        "view",
        "archive",
        "page",
        "streams",
        "nats-1",
        "nats-2",
        "nats-3",
    } == set(ours)
    settings = Settings()
    for name, each in ours.items():
        assert each["read_only"], name
        assert each["cap_drop"] == ["ALL"], name
        if name.startswith("nats-"):
            # Written only with --encrypt.
            assert each["env_file"] == [{"path": f"./cluster/{name}/store.env", "required": False}]
            assert (BINARIES / each["entrypoint"][0]).exists()
            assert f":{ClusterServer(name, name).monitor}/" in each["healthcheck"]["test"][-1]
            continue
        for file in each.get("env_file", []):
            assert Path(file).stem in (SET_UP, *PARTS)
        parsed(each["command"])
        if name.startswith("desk-"):
            desk = name.removeprefix("desk-")
            port = settings.desk_port_of(desk)
            assert each["command"] == ["desk", desk, "--host", "0.0.0.0", "--port", str(port)]  # noqa: S104
            assert each["ports"] == [f"127.0.0.1:{port}:{port}"]
            assert f":{port}/health/ready" in each["healthcheck"]["test"][-1]
            assert each["env_file"] == [f"./cluster/parts/{desk}.env"]


def test_prometheus_reads_every_part_where_it_is() -> None:
    read = yaml.safe_load((COMPOSE / "prometheus.yml").read_text("utf-8"))
    targets = {target for job in read["scrape_configs"] for one in job["static_configs"] for target in one["targets"]}
    settings = Settings()
    assert targets == {f"127.0.0.1:{settings.port}"} | {f"desk-{desk}:{settings.desk_port_of(desk)}" for desk in DESKS}
    named = yaml.safe_load((DEPLOY / "grafana" / "prometheus.yml").read_text("utf-8"))
    assert [job["job_name"] for job in read["scrape_configs"]] == [job["job_name"] for job in named["scrape_configs"]]
    if promtool := shutil.which("promtool"):
        subprocess.run(
            [promtool, "check", "config", "--syntax-only", str(COMPOSE / "prometheus.yml")],
            check=True,
            capture_output=True,
        )


@pytest.fixture
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        if os.environ.get("CI"):
            raise AssertionError("there is no systemd-analyze")
        pytest.skip("there is no systemd-analyze (Debian: apt-get install systemd)")
    return found


@pytest.mark.parametrize("unit", UNITS, ids=lambda file: file.name)
def test_a_unit_is_right_hardened_and_starts_a_real_command(unit: Path, analyze: str, tmp_path: Path) -> None:
    text = unit.read_text("utf-8")
    (command,) = re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)
    program, *words = shlex.split(command)
    assert program in ("/opt/kindinbeeld/bin/kindinbeeld", "/opt/kindinbeeld/bin/nats-server")
    if program.endswith("kindinbeeld"):
        for desk in DESKS if "%i" in command else ("",):
            parsed([word.replace("%i", desk).replace("%I", "1/2") for word in words])
    # Where it is installed here, and under the name of an instance.
    here = tmp_path / unit.name.replace("@", "@1-2" if "%I" in command else "@school")
    here.write_text(text.replace("/opt/kindinbeeld/bin/", f"{BINARIES}/"))
    done = subprocess.run([analyze, "verify", "--man=no", str(here)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    threshold = ["security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE}"]
    done = subprocess.run([analyze, *threshold, str(here)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_manifests_are_such_of_kubernetes() -> None:
    seen = 0
    for document in documents():
        kubernetes_validate.validate(document, "1.30", strict=True)
        seen += 1
    assert seen > 15


def test_pods_may_do_nothing_that_they_need_not() -> None:
    for name, pod in pods():
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["automountServiceAccountToken"] is False, name
        for container in (*pod.get("initContainers", []), *pod["containers"]):
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"], name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert not context["allowPrivilegeEscalation"], name
            assert "memory" in container["resources"]["limits"], name
            # What listens is looked after; the view and what ends by itself do not listen.
            listens = "ports" in container
            assert {f"{probe}Probe" in container for probe in ("startup", "readiness", "liveness")} == {listens}, name


def test_pods_run_the_real_programs() -> None:
    settings = Settings()
    for name, pod in pods():
        for container in pod["containers"]:
            if name == "nats":
                assert (BINARIES / container["command"][0]).exists()
                server = ClusterServer("nats-0", "nats-0")
                expected = [server.port, server.routes, server.leaves]
            else:
                parsed(container["args"])
                expected = {"page": [settings.port], "view": [], "streams": []}.get(
                    container["name"], [settings.desk_port_of(name.removeprefix("desk-"))] if "desk" in name else []
                )
                if expected:
                    assert container["args"][-1] == str(expected[0])
            assert [port["containerPort"] for port in container.get("ports", [])] == expected
            for secret in container.get("envFrom", []):
                assert secret.get("secretRef", {"name": "database"})["name"] in (*SECRETS, "database", "store")
            if name == "nats":
                assert container["envFrom"] == [{"secretRef": {"name": "store", "optional": True}}]
                # It is there again only when it holds all copies: that is asked of it without leaving any out.
                assert "/healthz'" in container["startupProbe"]["exec"]["command"][-1]


def test_a_cluster_and_the_manifests_make_a_whole(tmp_path: Path) -> None:
    place = tmp_path / "kubernetes"
    shutil.copytree(DEPLOY / "kubernetes", place)
    (command,) = re.findall(
        r"kindinbeeld (cluster config deploy/kubernetes/cluster [^`]*?)\n```", _installing(), re.DOTALL
    )
    words = shlex.split(command.replace("\\\n", " "))
    words[2] = str(place / "cluster")
    assert run_inside(*words, data_dir=tmp_path / "none").returncode == 0
    overlay = yaml.safe_load((place / "kustomization.yaml").read_text("utf-8"))
    for secret in overlay["secretGenerator"]:
        for source in (*secret.get("files", []), *secret.get("envs", [])):
            assert (place / source.rpartition("=")[2]).is_file()
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        return
    done = subprocess.run([kubectl, "kustomize", str(place)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    whole = list(yaml.safe_load_all(done.stdout))
    for document in whole:
        kubernetes_validate.validate(document, "1.30", strict=True)
    assert {f"{each['kind']}" for each in whole} >= {"Secret", "StatefulSet", "NetworkPolicy", "Namespace", "Job"}
    ledger = next(each for each in whole if each["kind"] == "Secret" and each["metadata"]["name"].startswith("ledger-"))
    items = next(pod for name, pod in pods() if name == "nats")["volumes"][0]["secret"]["items"]
    assert {item["key"] for item in items} == set(ledger["data"])


def _installing() -> str:
    return (ROOT / "docs" / "installing.md").read_text("utf-8")
