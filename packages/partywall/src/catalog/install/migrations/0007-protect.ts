/** Row security for shared tables. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const protect: CatalogMigration = {
  number: 7,
  name: '0007-protect',
  checksum: 'e1f8b63bce74c219a70d3d67c92407d6ce99618561aec2ae6a6990932a125d5c',
  text: String.raw`-- Row security for the tables that all tenants share. The migrations of the shared schema call partywall.protect. The policies and defaults that it
-- makes hold the object ids of functions of this schema, so a tenant needs no right on the schema.

-- The role that the connection has taken, or logged in as, names the tenant; SQL can change neither without the right to take another role. Within a
-- function that runs with the rights of its owner, current_user is the owner, but "role" and session_user are still the tenant's; current_user is read
-- only for a parallel worker that does not know the two. The setting decides for all other roles: under the boundary "path".
-- An SQL function, which the planner puts in the place of the call, was measured: it makes the planning of a small query take twice as long. And
-- without a search path of its own the function would be planned again after each change of the search path.
create function partywall.current_tenant_id() returns uuid
  language plpgsql stable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  role text;
  id text := nullif(current_setting('partywall.tenant_id', true), '');
begin
  -- partywall_, 32 digits, and anything behind them. A regular expression would take longer than all the rest of a small insert.
  foreach role in array array[current_setting('role'), session_user::text, current_user::text] loop
    if starts_with(role, 'partywall_') and length(role) >= 42 and ltrim(substr(role, 11, 32), '0123456789abcdef') = '' then
      return substr(role, 11, 32)::uuid;
    end if;
  end loop;
  if id is null then
    raise insufficient_privilege using
      message = 'No tenant is set, so it is unknown which rows of the protected table the statement may use.',
      hint = 'Run the statement in the scope of a tenant. A migration by the owner of the table sees all rows between "alter table … no force '
        'row level security" and "alter table … force row level security".';
  end if;
  return id::uuid;
end
$$;

comment on function partywall.current_tenant_id is
  'The id of the tenant that the statement runs for. Fails when there is none: a protected table must not look empty.';

-- The role of the shared pool, in this database.
create function partywall.shared_role() returns text
  language sql stable parallel safe
return pg_catalog.concat('partywall_shared_', case
  when pg_catalog.octet_length(pg_catalog.current_database()::pg_catalog.text) operator(pg_catalog.<=) 40
    then pg_catalog.current_database()::pg_catalog.text
  else pg_catalog.md5(pg_catalog.current_database()::pg_catalog.text)
end);

-- A statement that names a partition meets the policies of that partition alone, so every one needs its own.
create function partywall.with_partitions(parent regclass) returns setof regclass
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  with recursive family (relation) as (
    select parent::oid
    union
    select child.inhrelid from family join pg_inherits as child on child.inhparent = family.relation
  )
  select relation::regclass from family
$$;

create function partywall.assert_protectable(candidate regclass) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  relation record;
  others text;
begin
  select class.relkind, class.relpersistence, class.relowner, space.nspname
  into relation
  from pg_class as class
  join pg_namespace as space on space.oid = class.relnamespace
  where class.oid = candidate;
  if relation.relkind not in ('r', 'p') or relation.relpersistence = 't' then
    raise wrong_object_type using message = format('%s cannot be protected: it is no table, or a temporary or foreign one.', candidate);
  end if;
  if relation.nspname in ('pg_catalog', 'information_schema', 'partywall')
    or exists (select from partywall.tenants where tenants.schema = relation.nspname)
  then
    raise wrong_object_type using message = format('%s cannot be protected: its schema is not one that tenants share.', candidate);
  end if;
  -- PostgreSQL lets a row through that one permissive policy allows.
  select string_agg(quote_ident(policy.polname), ', ' order by policy.polname)
  into others
  from pg_policy as policy
  where policy.polrelid = candidate
    and policy.polpermissive
    and policy.polname not in ('partywall_tenant', 'partywall_shared')
    and exists (
      select from unnest(policy.polroles) as given (role)
      left join pg_roles as named on named.oid = given.role
      where given.role in (0, relation.relowner)
        or named.rolname ~ '^partywall_(tenants_|logins_|[0-9a-f]{32})'
    );
  if others is not null then
    raise object_not_in_prerequisite_state using
      message = format('%s cannot be protected: its permissive policies %s may allow rows of other tenants.', candidate, others),
      hint = 'Drop these policies, or make them restrictive.';
  end if;
end
$$;

create function partywall.assert_tenant_column(candidate regclass, tenant_column text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  found record;
begin
  select attribute.atttypid::regtype::text as type, attribute.atttypmod, attribute.attgenerated, rule.collisdeterministic
  into found
  from pg_attribute as attribute
  left join pg_collation as rule on rule.oid = attribute.attcollation
  where attribute.attrelid = candidate
    and attribute.attname::text = tenant_column
    and attribute.attnum > 0
    and not attribute.attisdropped;
  if found is null then
    raise undefined_column using message = format('%s cannot be protected: it has no column %I.', candidate, tenant_column);
  end if;
  if found.type not in ('uuid', 'text', 'character varying') or found.atttypmod <> -1 then
    raise datatype_mismatch using
      message = format('%s cannot be protected: the type of its column %I is not uuid, text or varchar without a length.', candidate, tenant_column);
  end if;
  if found.attgenerated <> '' or found.collisdeterministic is false then
    raise datatype_mismatch using
      message = format('%s cannot be protected: its column %I is generated, or has a collation that is not deterministic.', candidate, tenant_column);
  end if;
end
$$;

-- No role needs these two policies but that of the shared pool. The restrictive one is for a login that inherits from that role: it must not see all rows.
create function partywall.open_to_shared_scope(protected regclass, tenant_column text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp set client_min_messages = warning
as $$
begin
  execute format('drop policy if exists partywall_shared on %s', protected);
  execute format('drop policy if exists partywall_shared_only on %s', protected);
  if to_regrole(quote_ident(partywall.shared_role())) is null then
    return;
  end if;
  execute format('create policy partywall_shared on %s to %I using (true)', protected, partywall.shared_role());
  execute format(
    'create policy partywall_shared_only on %s as restrictive to %I using (
      case when current_user = %L then true else %I = (select partywall.current_tenant_id())%s end
    )',
    protected, partywall.shared_role(), partywall.shared_role(), tenant_column, partywall.cast_of_column(protected, tenant_column)
  );
end
$$;

-- What is protected before the role of the shared pool is made. The policy depends on the column.
create function partywall.open_all_to_shared_scope() returns void
  language sql set search_path = pg_catalog, pg_temp
as $$
  select partywall.open_to_shared_scope(policy.polrelid::regclass, attribute.attname::text)
  from pg_policy as policy
  join pg_class as class on class.oid = policy.polrelid
  join pg_depend as dependency
    on dependency.classid = 'pg_policy'::regclass
    and dependency.objid = policy.oid
    and dependency.refobjid = policy.polrelid
    and dependency.refobjsubid > 0
  join pg_attribute as attribute on attribute.attrelid = policy.polrelid and attribute.attnum = dependency.refobjsubid
  where policy.polname = 'partywall_tenant'
    and pg_has_role(class.relowner, 'usage')
    and to_regrole(quote_ident(partywall.shared_role())) is not null
    and not exists (select from pg_policy as other where other.polrelid = policy.polrelid and other.polname = 'partywall_shared_only')
$$;

create function partywall.cast_of_column(protected regclass, tenant_column text) returns text
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case attribute.atttypid when 'uuid'::regtype then '' else '::pg_catalog.text' end
  from pg_attribute as attribute
  where attribute.attrelid = protected and attribute.attname::text = tenant_column
$$;

create function partywall.protect_one(protected regclass, tenant_column text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp set client_min_messages = warning
as $$
declare
  of_type text := partywall.cast_of_column(protected, tenant_column);
begin
  execute format(
    'alter table %1$s alter column %2$I set default partywall.current_tenant_id()%3$s, alter column %2$I set not null',
    protected, tenant_column, of_type
  );
  if not exists (
    select from pg_index as index
    join pg_class as class on class.oid = index.indexrelid
    join pg_am as method on method.oid = class.relam
    join pg_attribute as attribute on attribute.attrelid = index.indrelid and attribute.attnum = index.indkey[0]
    where index.indrelid = protected
      and attribute.attname::text = tenant_column
      and index.indisvalid
      and index.indpred is null
      and method.amname in ('btree', 'hash')
  ) then
    execute format('create index on %s (%I)', protected, tenant_column);
  end if;
  execute format('drop policy if exists partywall_tenant on %s', protected);
  -- The subquery is evaluated once for a statement, and not once for each row.
  execute format(
    'create policy partywall_tenant on %s using (%I = (select partywall.current_tenant_id())%s)',
    protected, tenant_column, of_type
  );
  perform partywall.open_to_shared_scope(protected, tenant_column);
  execute format('alter table %1$s enable row level security, force row level security', protected);
end
$$;

create function partywall.protect(protected regclass, tenant_column text default 'tenant_id') returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  one regclass;
  wrong bigint;
  is_text boolean;
begin
  execute format('lock table %s in access exclusive mode', protected);
  perform partywall.assert_protectable(each_of), partywall.assert_tenant_column(each_of, tenant_column)
  from partywall.with_partitions(protected) as each_of;
  -- Its owner sees all rows from here on; the lock keeps other sessions from the table.
  execute format('alter table %s no force row level security', protected);
  is_text := partywall.cast_of_column(protected, tenant_column) <> '';
  -- A uuid that cannot be null need not be looked at: that spares a large table being read under the lock.
  if is_text or exists (
    select from pg_attribute as attribute
    where attribute.attrelid = protected and attribute.attname::text = tenant_column and not attribute.attnotnull
  ) then
    execute format(
      'select count(*) from %1$s where %2$I is null %3$s',
      protected, tenant_column,
      case when is_text then format('or %I !~ %L', tenant_column, '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$') else '' end
    ) into wrong;
  end if;
  if wrong > 0 then
    raise not_null_violation using
      message = format('%s cannot be protected: the number of rows that have no %s in the column %I is %s.', protected,
        case when is_text then 'id of a tenant, with dashes and lower-case letters,' else 'id of a tenant' end, tenant_column, wrong),
      hint = 'Give these rows their tenant, or delete them, and run the migration again.';
  end if;
  for one in select partywall.with_partitions(protected) loop
    perform partywall.protect_one(one, tenant_column);
  end loop;
end
$$;

comment on function partywall.protect is 'Keeps the rows of each tenant in a shared table to themselves. May be called again, e.g. after a partition was added.';
`,
}
