-- The set-up of docs/boundaries.md. Run it once as a superuser, connected to the database of the application:
--   psql -v app_password="'a long secret'" -v deploy_password="'another one'" -f roles.sql
create role app login noinherit password :app_password;
create role deploy login createrole password :deploy_password;
select current_database() as database \gset
grant create on database :"database" to deploy;
grant create on schema public to deploy;
revoke create on schema public from public;
revoke temporary on database :"database" from public;
revoke execute on function pg_catalog.set_config(text, text, boolean) from public;
grant execute on function pg_catalog.set_config(text, text, boolean) to app;
grant execute on function pg_catalog.set_config(text, text, boolean) to deploy with grant option;
