#!/bin/sh
# Install the servers and the browser that the tests use, on Debian as root. Elsewhere, say what is missing:
# the tests that need it are skipped by name.
set -eu
packages="postgresql chromium fonts-noto-cjk ceph-mon ceph-osd ceph-common radosgw"
packages="$packages nginx docker-compose systemd openssl"
missing=""

if ! command -v dpkg >/dev/null; then
    echo "Not Debian: PostgreSQL, Chromium, Ceph's gateway, nginx, docker-compose and systemd's tools are used when they are on PATH." >&2
    exit 0
fi
for package in $packages; do
    dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
    echo "Tests that need these are skipped; as root: apt-get install$missing" >&2
    exit 0
fi
echo "Installing$missing" >&2
apt-get update -qq
# At run level 1 no package starts its service: the tests start their own.
# shellcheck disable=SC2086
RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
