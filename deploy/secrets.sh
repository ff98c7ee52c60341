#!/bin/sh
# Print the passwords that compose.yaml needs, made up anew: deploy/secrets.sh > deploy/.env, once.
set -eu
umask 077
for name in POSTGRES_PASSWORD MINIO_ROOT_PASSWORD WEB_S3_SECRET WORKER_S3_SECRET ORGANIZER_S3_SECRET; do
    printf '%s=%s\n' "$name" "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"
done
