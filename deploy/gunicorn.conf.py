"""How gunicorn serves the site, on the embedded default and behind nginx alike."""

import os
from typing import Any

from leaderboard import env
from submissions.orphans import die_with_parent

wsgi_app = "leaderboard.wsgi"
bind = os.environ.get("VERNIER_BIND") or f"127.0.0.1:{os.environ.get('VERNIER_PORT') or 8000}"
worker_class = "gthread"
workers = env.number("VERNIER_WEB_WORKERS", 2)
# Two: with four, pages that compute have been seen to collapse.
threads = 2
# The site is imported once and shared; nothing connects to anything before the fork.
preload_app = True
# Above the longest honest request: 64 MiB over a slow line arrive in a thread, which does not stop the heartbeat.
timeout = 60
graceful_timeout = 10
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
# The heartbeat's file must not wait for a disk.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112
proc_name = "vernier-web"
# Nobody asks it anything, and by default all sites of a user would share one socket.
control_socket_disable = True
# Written as the site's settings say (VERNIER_LOG_FORMAT).
logger_class = "leaderboard.gunicorn_log.SiteLogger"


def post_fork(server: Any, worker: Any) -> None:
    """Leave no worker behind when gunicorn itself is killed."""
    die_with_parent(parent=server.pid)
