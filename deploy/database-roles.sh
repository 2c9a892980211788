#!/bin/sh
# The official image of Postgres runs this once, when it has made the database: roles that are no superusers, and their
# passwords from the secrets.
set -eu
run() { psql -v ON_ERROR_STOP=1 -q -U "$POSTGRES_USER" -d "$POSTGRES_DB" "$@"; }

run -f /etc/deskwire/database-roles.sql
run -v owner="$(cat /run/secrets/owner_password)" -v node="$(cat /run/secrets/database_password)" <<'SQL'
alter role deskwire_owner password :'owner';
alter role deskwire_node password :'node';
SQL
