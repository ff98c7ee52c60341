#!/bin/sh
# Run a part of `make test` and note in build/times how long it took. Usage: tests/timed.sh NAME COMMAND...
name=$1
shift
begun=$(date +%s)
"$@"
code=$?
mkdir -p build
printf '%6d s  %s\n' "$(($(date +%s) - begun))" "$name" >>build/times
exit "$code"
