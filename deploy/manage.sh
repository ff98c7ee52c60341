#!/bin/sh
# Run a manage.py command as an organizer, on a host that the units run on; as root:
#     /opt/vernier/deploy/manage.sh create_team my-team
# Files that a command reads or writes lie in /var/lib/vernier-organizer, where it runs.
set -eu
how=--pipe
[ -t 0 ] && [ -t 1 ] && how=--pty
exec systemd-run --quiet --collect --wait "$how" \
    --property=User=vernier-organizer --property=StateDirectory=vernier-organizer \
    --property=StateDirectoryMode=0700 --property=WorkingDirectory=/var/lib/vernier-organizer --property=UMask=0077 \
    --property=EnvironmentFile=/etc/vernier/site.env --property=EnvironmentFile=/etc/vernier/organizer.env \
    --property=NoNewPrivileges=yes \
    --setenv=VERNIER_ROLE=organizer \
    /opt/vernier/.venv/bin/python /opt/vernier/manage.py "$@"
