#!/bin/sh
# Run a manage.py command as an organizer, on a host that the units run on; as root:
#     /opt/vernier/deploy/manage.sh create_team my-team
set -eu
how=--pipe
[ -t 0 ] && [ -t 1 ] && how=--pty
exec systemd-run --quiet --collect --wait "$how" \
    --property=User=vernier-organizer --property=WorkingDirectory=/opt/vernier \
    --property=EnvironmentFile=/etc/vernier/site.env --property=EnvironmentFile=/etc/vernier/organizer.env \
    --property=NoNewPrivileges=yes --property=PrivateTmp=yes \
    --setenv=VERNIER_ROLE=organizer \
    /opt/vernier/.venv/bin/python manage.py "$@"
