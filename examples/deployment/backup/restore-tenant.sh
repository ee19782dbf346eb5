#!/bin/sh
# Restores one tenant of a dump into a database beside the live one, to look at or to copy rows from: ./restore-tenant.sh the.dump acme postgres://…/beside
set -eu
dump=${1:?the dump}
schema=${2:?the schema of the tenant}
url=${3:?the address of an empty database}

# pg_restore succeeds without a word when the dump has no such schema.
pg_restore --list "$dump" | grep -qF " SCHEMA - $schema " || { echo "There is no schema $schema in $dump." >&2; exit 1; }
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname "$url" --command "create schema \"$schema\""
pg_restore --no-owner --no-privileges --exit-on-error --schema="$schema" --dbname="$url" "$dump"
