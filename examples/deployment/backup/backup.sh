#!/bin/sh
# Dumps the database into a folder, and keeps the last dumps: BACKUP_URL=postgres://… ./backup.sh /var/backups/shop
# All schemas of one database are in one consistent dump: no tenant is newer than another one. pg_dump must be of the version of the server, or newer.
set -eu
folder=${1:?the folder of the dumps}
url=${BACKUP_URL:?the address of the database}
keep=${KEEP:-14}

mkdir -p "$folder"
name="$folder/$(date -u +%Y-%m-%dT%H%M%SZ).dump"
# A dump that did not end is not taken for one.
trap 'rm -f "$name.part"' EXIT
pg_dump --format=custom --no-password --lock-wait-timeout=60s --file="$name.part" "$url"
pg_restore --list "$name.part" > /dev/null
mv "$name.part" "$name"
ls -1 "$folder"/*.dump | sort -r | tail -n "+$((keep + 1))" | xargs -r rm --
echo "$name"
