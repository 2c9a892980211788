#!/usr/bin/env bash
# Stand-ins for the images that a registry would bring, on a machine that has none: local/node and local/haproxy, beside
# local/postgres and local/nats, which must be there (any Debian with these programs in it will do).
#
#   local/node      this project's own Node 24, and the npm of this machine
#   local/haproxy   Debian's HAProxy
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
for image in local/postgres local/nats; do
  docker image inspect "$image" >/dev/null || { echo "$image is missing" >&2; exit 1; }
done

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
cp node_modules/node/bin/node "$context/node"
cp -rL "$(dirname "$(readlink -f "$(command -v npm)")")/.." "$context/npm"
# The certificates of this machine, for a registry behind a private one.
cp /etc/ssl/certs/ca-certificates.crt "$context/"

docker build -q -t local/node -f - "$context" <<'DOCKERFILE'
FROM local/nats
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/npm
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
RUN ln -s ../lib/npm/bin/npm-cli.js /usr/local/bin/npm
ENTRYPOINT ["/usr/local/bin/node"]
DOCKERFILE

docker build -q -t local/haproxy -f - "$context" <<'DOCKERFILE'
FROM local/nats
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends haproxy >/dev/null && mkdir -p /usr/local/etc/haproxy
USER haproxy
ENTRYPOINT []
CMD ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]
DOCKERFILE
