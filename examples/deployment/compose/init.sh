#!/bin/sh
# The image of PostgreSQL runs it once, when its volume is empty.
set -eu
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" \
  -v app_password="'$APP_PASSWORD'" -v deploy_password="'$DEPLOY_PASSWORD'" -f /setup/roles.sql
