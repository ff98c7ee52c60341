#!/bin/sh
# Make the buckets and a user for each role on MinIO; again, what is there stays, and secrets are set anew.
# Reads MINIO_ROOT_USER, MINIO_ROOT_PASSWORD and the roles' WEB_S3_SECRET, WORKER_S3_SECRET, ORGANIZER_S3_SECRET.
set -eu
here=$(dirname "$0")
mc alias set store "${STORE_URL:-http://s3:9000}" "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD" >/dev/null
mc mb --ignore-existing store/vernier-answers store/vernier-truth

role() {
    mc admin policy create store "vernier-$1" "$here/$1.json"
    mc admin user add store "vernier-$1" "$2" >/dev/null
    # Attaching what is attached is an error to mc.
    case "$(mc admin user info store "vernier-$1")" in
        *"PolicyName: vernier-$1"*) ;;
        *) mc admin policy attach store "vernier-$1" --user "vernier-$1" ;;
    esac
}

role web "$WEB_S3_SECRET"
role worker "$WORKER_S3_SECRET"
role organizer "$ORGANIZER_S3_SECRET"
