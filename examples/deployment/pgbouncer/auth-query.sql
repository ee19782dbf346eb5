-- What PgBouncer asks for the password of a role. Run it once as a superuser, in each database that PgBouncer serves:
--   psql -v password="'a long secret'" -f auth-query.sql
-- and name the role in userlist.txt: "pgbouncer" "a long secret"
create role pgbouncer login password :password;
create schema pgbouncer authorization pgbouncer;
revoke all on schema pgbouncer from public;

create function pgbouncer.lookup(name text, out usename name, out passwd text)
  returns setof record
  language sql stable security definer
  set search_path = pg_catalog
as $$
  select rolname, rolpassword from pg_authid where rolname = name and rolcanlogin and not rolsuper and not rolreplication
$$;
revoke all on function pgbouncer.lookup(text) from public;
grant execute on function pgbouncer.lookup(text) to pgbouncer;
