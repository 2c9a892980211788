#!/bin/sh
# Pins the images of docker-compose.yml and Dockerfile: asks the registry for the digest that each tag has now, and
# writes them into .env, which Compose reads. Run it again to take newer images, and keep .env with the deployment.
#
#     deploy/pin-images.sh
#     deploy/pin-images.sh --check    # fails unless .env pins every image by digest
set -eu
cd "$(dirname "$0")/.."

images="NODE_IMAGE=node:24-slim POSTGRES_IMAGE=postgres:18 NATS_IMAGE=nats:2.14-alpine PROXY_IMAGE=haproxy:3.2-alpine"

if [ "${1:-}" = --check ]; then
  for image in $images; do
    name="${image%%=*}"
    grep -Eq "^$name=.+@sha256:[0-9a-f]{64}\$" .env 2>/dev/null || { echo "$name is not pinned by digest in .env" >&2; exit 1; }
  done
  exit 0
fi

pinned=""
for image in $images; do
  tag="${image#*=}"
  docker pull -q "$tag" > /dev/null
  digest="$(docker image inspect --format '{{index .RepoDigests 0}}' "$tag")"
  pinned="$pinned${image%%=*}=$tag@${digest#*@}
"
done
touch .env
others="$(grep -Ev '^(NODE|POSTGRES|NATS|PROXY)_IMAGE=' .env || true)"
printf '%s\n%s' "$others" "$pinned" > .env
printf '%s' "$pinned"
