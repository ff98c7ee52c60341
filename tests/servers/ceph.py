"""Ceph's RADOS gateway: an S3 service whose refusals are real.

One monitor, one object store in memory, one gateway: plain processes on loopback, up in about twenty seconds.
"""

import secrets
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from submissions.storage import S3Account
from tests.servers.process import Process, find, free_port, listens, start
from tests.servers.s3 import REGION, S3

CONFIGURATION = """
[global]
fsid = {fsid}
mon_host = [v2:127.0.0.1:{monitor_port}]
mon_initial_members = a
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
keyring = {folder}/keyring
osd_pool_default_size = 1
osd_pool_default_min_size = 1
mon_allow_pool_size_one = true
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_max_pg_per_osd = 2000
run_dir = {folder}/run
pid_file = {folder}/run/$name.pid
admin_socket = {folder}/run/$name.asok
log_file = {folder}/log/$name.log
ms_bind_msgr1 = false
# The machine's disk may be nearly full: nothing of ours lies on it.
mon_data_avail_crit = 1
mon_data_avail_warn = 2
auth_allow_insecure_global_id_reclaim = false
[mon.a]
mon_data = {folder}/mon
[osd.0]
osd_data = {folder}/osd
osd_objectstore = memstore
memstore_device_bytes = 2147483648
osd_class_load_list = *
osd_class_default_list = *
[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:{gateway_port}
rgw_data = {folder}/rgw
rgw_crypt_require_ssl = false
rgw_enable_usage_log = false
rgw_thread_pool_size = 32
rgw_init_timeout = 120
"""
KEYS = {
    "mon.": {"mon": "allow *"},
    "client.admin": {"mon": "allow *", "osd": "allow *", "mgr": "allow *"},
    "client.rgw": {"mon": "allow *", "osd": "allow *", "mgr": "allow *"},
    "osd.0": {"mon": "allow profile osd", "osd": "allow *", "mgr": "allow profile osd"},
}


@dataclass(frozen=True)
class Cluster:
    """The folder of a cluster, and its commands."""

    folder: Path

    def run(self, program: str, *arguments: str, seconds: float = 60) -> str:
        """Run one of Ceph's commands on this cluster to its end and return what it prints."""
        done = subprocess.run(
            [find(program, "ceph-common"), "-c", self.folder / "ceph.conf", *arguments],
            check=True,
            capture_output=True,
            text=True,
            cwd=self.folder,
            timeout=seconds,
        )
        return done.stdout

    def start(self, program: str, *arguments: str) -> Process:
        """Start one of Ceph's daemons in the foreground."""
        command = [find(program, program), "-c", str(self.folder / "ceph.conf"), *arguments, "-f"]
        return start(program, command, folder=self.folder)

    def osd_is_up(self) -> bool:
        """Whether the object store has joined."""
        try:
            return "1 up" in self.run("ceph", "osd", "stat", seconds=5)
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
            return False


@contextmanager
def gateway(folder: Path) -> Iterator[S3]:
    """Run a gateway in the folder, with a user for each role. Raises PartMissingError."""
    for program in ("ceph-mon", "ceph-osd", "radosgw"):
        find(program, program)
    find("monmaptool", "ceph-common")
    port = free_port()
    cluster = prepared(folder, port)
    endpoint = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        processes = (
            started_monitor(cluster, stack),
            started_store(cluster, stack),
            started_gateway(cluster, port, stack),
        )
        yield S3(
            processes=processes,
            endpoint=endpoint,
            web=new_user(cluster, "web", endpoint),
            worker=new_user(cluster, "worker", endpoint),
            principals=("arn:aws:iam:::user/web", "arn:aws:iam:::user/worker"),
            refuses=True,
            organizer=new_user(cluster, "organizer", endpoint),
            operator=new_user(cluster, "operator", endpoint, "--caps=user-policy=*"),
        )


def prepared(folder: Path, gateway_port: int) -> Cluster:
    """Write the configuration, the keys and the monitor's map."""
    fsid = str(uuid.uuid4())
    monitor_port = free_port()
    for name in ("mon", "osd", "rgw", "run", "log"):
        (folder / name).mkdir()
    configuration = CONFIGURATION.format(
        fsid=fsid, folder=folder, monitor_port=monitor_port, gateway_port=gateway_port
    )
    (folder / "ceph.conf").write_text(configuration)
    for number, (name, grants) in enumerate(KEYS.items()):
        caps = [part for kind, grant in grants.items() for part in ("--cap", kind, grant)]
        how = ["--create-keyring"] if number == 0 else []
        tool("ceph-authtool", *how, str(folder / "keyring"), "--gen-key", "-n", name, *caps)
    address = f"[v2:127.0.0.1:{monitor_port}]"
    tool("monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, str(folder / "monmap"))
    return Cluster(folder)


def tool(program: str, *arguments: str) -> None:
    """Run a command that needs no cluster."""
    subprocess.run([find(program, "ceph-common"), *arguments], check=True, capture_output=True)


def started_monitor(cluster: Cluster, stack: ExitStack) -> Process:
    """Start the monitor."""
    keyring, monmap = cluster.folder / "keyring", cluster.folder / "monmap"
    cluster.run("ceph-mon", "--mkfs", "-i", "a", "--monmap", str(monmap), "--keyring", str(keyring))
    monitor = cluster.start("ceph-mon", "-i", "a")
    stack.callback(monitor.stop)
    return monitor


def started_store(cluster: Cluster, stack: ExitStack) -> Process:
    """Start the object store; it keeps everything in memory."""
    identity = str(uuid.uuid4())
    # The command waits for the monitor by itself.
    cluster.run("ceph", "osd", "new", identity)
    cluster.run("ceph", "auth", "import", "-i", str(cluster.folder / "keyring"))
    cluster.run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", identity)
    store = cluster.start("ceph-osd", "-i", "0")
    stack.callback(store.stop)
    store.wait_until(cluster.osd_is_up, seconds=60)
    return store


def started_gateway(cluster: Cluster, port: int, stack: ExitStack) -> Process:
    """Start the gateway and wait until it answers."""
    process = cluster.start("radosgw", "-n", "client.rgw")
    stack.callback(process.stop)
    process.wait_until(lambda: listens(port), seconds=120)
    return process


def new_user(cluster: Cluster, name: str, endpoint: str, *further: str) -> S3Account:
    """Make a user of the gateway with keys of its own."""
    secret = secrets.token_hex(20)
    cluster.run(
        "radosgw-admin", "-n", "client.rgw", "user", "create", f"--uid={name}",
        f"--display-name={name}", f"--access-key={name}", f"--secret-key={secret}",
        *further,
    )  # fmt: skip
    return S3Account(endpoint, REGION, name, secret)
