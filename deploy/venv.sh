#!/bin/sh
# Make .venv in the current folder when there is none, and install what a lock file names into it, and no more.
# Usage: deploy/venv.sh LOCK
set -eu
lock=$1

say() {
    printf '%s\n' "$*" >&2
}

# A python3.12 on PATH may be a shim that leads nowhere: whatever is chosen has to run.
find_python() {
    for name in "${PYTHON:-}" python3.11 python3.12 python3.13 python3; do
        if [ -n "$name" ] && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    say "Vernier needs Python 3.11 or newer, and there is none on PATH. Install it, or set PYTHON to its path."
    return 1
}

# Debian ships Python without what makes an environment.
require_venv() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
        say "Installing python3-venv"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
        "$1" -c 'import ensurepip, venv' && return
    fi
    say "$1 cannot make environments: install its venv package (Debian and Ubuntu: apt-get install python3-venv)."
    return 1
}

if [ ! -f .venv/complete ]; then
    python=$(find_python)
    require_venv "$python"
    say "Making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
    touch .venv/complete
fi
say "Installing what $lock names"
# The lock names everything, so nothing has to be resolved; and Python compiles what is used when it is used, which
# is a third of what is installed.
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes \
    --requirement "$lock"
