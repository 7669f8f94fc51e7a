#!/bin/sh
# The packages of the image, with their hashes: those of requirements.lock that serving needs. Run it after `make lock`.
set -eu
cd "$(dirname "$0")/../.."
uv="${UV:-uv}"
common="--quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links
    --no-annotate --constraint requirements.lock --custom-compile-command ops/container/lock.sh"
# shellcheck disable=SC2086 # words of their own
"$uv" pip compile $common --extra docs --extra export --extra otel \
    --output-file ops/container/requirements.lock pyproject.toml
# shellcheck disable=SC2086
echo hatchling | "$uv" pip compile $common --output-file ops/container/build.lock -
