#!/bin/sh
# Makes the secrets of a deployment, each random, in deploy/secrets. Those that are there stay as they are.
#
# The folder is for its owner alone; the files in it can be read by whoever gets into the folder, because containers
# read them as users of their own.
set -eu
umask 022
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets
cd secrets

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
once() { [ -s "$1" ] || printf '%s' "$2" > "$1"; }

for name in postgres_password owner_password database_password all_password relay_password node_password \
  gateway_password metrics_token; do once "$name" "$(random)"; done

# The roles are in deploy/database-roles.sql: one migrates, the other serves.
once database_url_owner "postgres://deskwire_owner:$(cat owner_password)@postgres:5432/deskwire"
once database_url "postgres://deskwire_node:$(cat database_password)@postgres:5432/deskwire"
for user in all relay node gateway; do once "nats_url_$user" "nats://$user:$(cat "${user}_password")@nats:4222"; done
once nats-passwords.conf "ALL_PASSWORD: \"$(cat all_password)\"
RELAY_PASSWORD: \"$(cat relay_password)\"
NODE_PASSWORD: \"$(cat node_password)\"
GATEWAY_PASSWORD: \"$(cat gateway_password)\"
"
echo "The secrets are in $(pwd)."
