/** All that an operation on tenants may leave in a database, without ids and times, so that two states can be compared. */
import type { Client } from 'pg'

export type Content = Readonly<Record<string, unknown>>

export async function contentOf(admin: Client): Promise<Content> {
  const { rows } = await admin.query<{ content: Content }>(contentSql)
  return JSON.parse(
    JSON.stringify(rows[0]!.content)
      .replaceAll(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g, 'ID')
      .replaceAll(/[0-9a-f]{32}/g, 'ID'),
  ) as Content
}

/** From now on: the actions that the audit gets, in their order. Asked once, it counts from then on. */
export async function newEntries(admin: Client): Promise<() => Promise<string[]>> {
  let last = 0
  const next = async (): Promise<string[]> => {
    const { rows } = await admin.query<{ id: string; action: string }>(
      'select id, action from partywall.audit where id > $1 order by id',
      [last],
    )
    last = Number(rows.at(-1)?.id ?? last)
    return rows.map(({ action }) => action)
  }
  await next()
  return next
}

/** No statement runs any more, and no transaction is open: the server has noticed that its clients are gone. */
export async function waitUntilQuiet(admin: Client): Promise<void> {
  for (const end = performance.now() + 20_000; ;) {
    const { rows } = await admin.query<{ query: string }>(
      `select query from pg_stat_activity
       where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid() and state <> 'idle'`,
    )
    if (rows.length === 0) break
    if (performance.now() > end) throw new Error(`a statement runs on: ${rows[0]!.query}`)
  }
  const { rows } = await admin.query(
    `select locktype, mode from pg_locks where locktype = 'advisory' and pid <> pg_backend_pid() and database = (select oid from pg_database where datname = current_database())`,
  )
  if (rows.length > 0) throw new Error(`locks are left: ${JSON.stringify(rows)}`)
}

const contentSql = `
  select json_build_object(
    'tenants', (
      select json_agg(json_build_array(schema, name, kind, status, archived_schema, adopted, purge_at is null, domains, steps) order by schema)
      from (
        select tenant.*,
          array(select domain || ' ' || is_primary from partywall.domains as domain where domain.tenant_id = tenant.id order by 1) as domains,
          array(select name || ' ' || state from partywall.tenant_steps as step where step.tenant_id = tenant.id order by 1) as steps
        from partywall.tenants as tenant
      ) as tenant
    ),
    'templates', (select json_agg(json_build_array(kind, name, digest is not null, contents) order by name) from partywall.templates),
    'schemas', (
      select json_object_agg(nspname, json_build_array(
        nspacl::text,
        (select count(*) from pg_class where relnamespace = space.oid),
        (select count(*) from pg_proc where pronamespace = space.oid),
        (select count(*) from pg_type where typnamespace = space.oid),
        array(
          select relname || ' ' || (xpath('/row/rows/text()', query_to_xml(format('select count(*) as rows from %I.%I', nspname, relname), false, true, '')))[1]::text
          from pg_class where relnamespace = space.oid and relkind = 'r' and nspname <> 'partywall' order by 1
        )
      ) order by nspname)
      from pg_namespace as space
      where nspname !~ '^pg_|^information_schema$'
    ),
    'roles', (
      select json_agg(rolname order by rolname) from pg_roles
      where rolname in (select 'partywall_' || replace(tenant_id::text, '-', '') from partywall.audit where tenant_id is not null)
    ),
    'rights', (
      select count(*) from pg_shdepend where dbid = (select oid from pg_database where datname = current_database())
    )
  ) as content`
