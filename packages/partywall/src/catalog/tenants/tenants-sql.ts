/** Statements about tenants. Every name is qualified, so the search path does not matter. */
import type { Statement } from '../../sql/statement.ts'
import type { Tenant, TenantStatus } from '../../types.ts'
import type { PossibleKey, TenantKey } from './tenant-ref.ts'

export interface NewTenantRow {
  readonly schema: string
  /** Absent: it has none. */
  readonly externalId?: string | undefined
  readonly name: string
  readonly kind: string
  readonly attributes: object
  /** Of the password of its login; null where it has none. */
  readonly loginGeneration: number | null
  readonly expiresAt: Date | undefined
  /** `provisioning` while steps are left to run in it. @default 'active' */
  readonly status?: 'active' | 'provisioning'
}

export interface ListValues {
  readonly status: readonly string[] | undefined
  readonly kinds: readonly string[] | undefined
  readonly search: string | undefined
  readonly limit: number
  readonly orderBy: 'schema' | 'name' | 'createdAt'
  readonly isDescending: boolean
  /** The tenant that the list continues after. */
  readonly after: Pick<Tenant<any>, 'id' | 'schema' | 'name' | 'createdAt'> | undefined
}

/**
 * As text, so that parsers that the application has set in pg.types for jsonb and timestamptz change nothing here. The object id of the
 * schema is read with the row, in the same snapshot, and stored nowhere: a restored dump has another one.
 */
const columnsOfRow = `
        tenant.id::text as id,
        tenant.schema as schema,
        tenant.external_id as external_id,
        tenant.name as name,
        tenant.kind as kind,
        tenant.status as status,
        tenant.placement as placement,
        tenant.generation::text as generation,
        tenant.revision::text as revision,
        tenant.login_generation::text as login_generation,
        (
          select namespace.oid::text
          from pg_catalog.pg_namespace as namespace
          where namespace.nspname = tenant.schema::name
        ) as schema_oid,
        tenant.attributes::text as attributes,
        floor(extract(epoch from tenant.created_at) * 1000)::text as created_at,
        floor(extract(epoch from tenant.expires_at) * 1000)::text as expires_at,
        floor(extract(epoch from tenant.archived_at) * 1000)::text as archived_at,
        floor(extract(epoch from tenant.purge_at) * 1000)::text as purge_at,
        tenant.archived_schema as archived_schema`

/** Which migrations the schema has: the comment of the table of its history. It costs some 12 microseconds for each tenant. */
const digest = `
        (
          select description.description
          from pg_catalog.pg_description as description
          where description.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
            and description.objsubid = 0
            and description.objoid = (
              select history.oid
              from pg_catalog.pg_class as history
              where history.relname = 'partywall_migrations'
                and history.relkind = 'r'
                and history.relnamespace = (
                  select namespace.oid
                  from pg_catalog.pg_namespace as namespace
                  where namespace.nspname = tenant.schema::name
                )
            )
        ) as digest`

/** What a statement about a tenant returns; its table is called `tenant`. */
export const columns = `${columnsOfRow},${digest}`

export function tenantByKeySql(key: TenantKey): Statement {
  return {
    text: `
      select ${columns}
      from partywall.tenants as tenant
      where ${matches(key)}`,
    values: [key.value],
  }
}

/** The tenant that has the first of several keys that one has. `place` is that of the key, from 0. */
export function tenantByKeysSql(keys: readonly PossibleKey[]): Statement {
  const places = keys.map((key, place) => ({ place, condition: matches(key, `$${place + 1}`) }))
  return {
    text: `
      select ${columns}, case ${places.map(({ place, condition }) => `when ${condition} then ${place}`).join(' ')} end as place
      from partywall.tenants as tenant
      where ${places.map(({ condition }) => condition).join(' or ')}
      order by place
      limit 1`,
    values: keys.map(({ value }) => value),
  }
}

/** The same, and locks the row until the transaction ends, so that changes of one tenant and of its domains run one after another. */
export function lockTenantSql(key: TenantKey): Statement {
  const { text, values } = tenantByKeySql(key)
  return { text: `${text}\n      for no key update of tenant`, values: values! }
}

/** One page of a list; what the tenants are sorted by, and where the page starts, is the same expression. */
export function listTenantsSql({ status, kinds, search, limit, orderBy, isDescending, after }: ListValues): Statement {
  const order = orderExpressions[orderBy]
  const direction = isDescending ? 'desc' : 'asc'
  const afterValue = after && (orderBy === 'createdAt' ? String(after.createdAt.getTime()) : after[orderBy])
  return {
    text: `
      select ${columns}
      from partywall.tenants as tenant
      where ${matchesStatusAndKind}
        and ($3::text is null or ${containsSearch})
        and ($4::text is null or (${order}, tenant.id) ${isDescending ? '<' : '>'} ($4::${orderTypes[orderBy]}, $5::uuid))
      order by ${order} ${direction}, tenant.id ${direction}
      limit $6::int`,
    values: [status ?? null, kinds ?? null, search ?? null, afterValue ?? null, after?.id ?? null, limit],
  }
}

/** All tenants of these statuses and kinds, sorted by schema: for work on all of them. */
export function allTenantsSql({ status, kinds }: Pick<ListValues, 'status' | 'kinds'>, withDigest: boolean): Statement {
  return {
    text: `
      select ${withDigest ? columns : columnsOfRow}
      from partywall.tenants as tenant
      where ${matchesStatusAndKind}
      order by tenant.schema`,
    values: [status ?? null, kinds ?? null],
  }
}

/** The tenants of these statuses and kinds behind an id, in the order of the ids: a page stays right while tenants are created, renamed and deleted. */
export function tenantsAfterIdSql(
  { status, kinds }: Pick<ListValues, 'status' | 'kinds'>,
  after: string | undefined,
  limit: number,
): Statement {
  return {
    text: `
      select ${columns}
      from partywall.tenants as tenant
      where ${matchesStatusAndKind}
        and ($3::uuid is null or tenant.id > $3::uuid)
      order by tenant.id
      limit $4::int`,
    values: [status ?? null, kinds ?? null, after ?? null, limit],
  }
}

export function countTenantsSql({ status, kinds }: Pick<ListValues, 'status' | 'kinds'>): Statement {
  return {
    text: `select count(*)::text as tenants from partywall.tenants as tenant where ${matchesStatusAndKind}`,
    values: [status ?? null, kinds ?? null],
  }
}

/** Of $1 and $2; null means every status or every kind. */
const matchesStatusAndKind = `($1::text[] is null or tenant.status = any ($1::text[]))
        and ($2::text[] is null or tenant.kind = any ($2::text[]))`

/** A plain search for a part of the text, in which % and _ mean nothing. */
const containsSearch = `(
          pg_catalog.strpos(pg_catalog.lower(tenant.schema), pg_catalog.lower($3::text)) > 0
          or pg_catalog.strpos(pg_catalog.lower(tenant.name), pg_catalog.lower($3::text)) > 0
          or pg_catalog.strpos(pg_catalog.lower(tenant.external_id), pg_catalog.lower($3::text)) > 0
          or exists (
            select from partywall.domains as domain
            where domain.tenant_id = tenant.id and pg_catalog.strpos(domain.domain, pg_catalog.lower($3::text)) > 0
          )
        )`

/** Milliseconds, because a Tenant has no more precise time than that. */
const orderExpressions = {
  schema: 'tenant.schema',
  name: 'tenant.name',
  createdAt: 'floor(extract(epoch from tenant.created_at) * 1000)',
} as const

const orderTypes = { schema: 'text', name: 'text', createdAt: 'numeric' } as const

/** Returns no row when a tenant has this schema already. Waits for a transaction that is creating a tenant with the same schema. */
export function insertTenantSql({
  schema,
  name,
  kind,
  attributes,
  loginGeneration,
  expiresAt,
  externalId,
  status = 'active',
}: NewTenantRow): Statement {
  return {
    text: `
      insert into partywall.tenants as tenant (schema, name, kind, attributes, login_generation, login_rotated_at, expires_at, status, external_id)
      values (
        $1::text, $2::text, $3::text, $4::jsonb, $5::int, case when $5::int is null then null else pg_catalog.now() end, $6::timestamptz, $7::text, $8::text
      )
      on conflict (schema) do nothing
      returning ${columns}`,
    values: [
      schema,
      name,
      kind,
      JSON.stringify(attributes),
      loginGeneration,
      expiresAt?.toISOString() ?? null,
      status,
      externalId ?? null,
    ],
  }
}

export interface UpdatedRow {
  readonly name: string
  readonly attributes: object
  readonly expiresAt: Date | null
  readonly externalId: string | null
}

export function updateTenantSql(id: string, { name, attributes, expiresAt, externalId }: UpdatedRow): Statement {
  return {
    text: `
      update partywall.tenants as tenant
      set name = $2::text,
          attributes = $3::jsonb,
          expires_at = $4::timestamptz,
          external_id = $5::text
      where tenant.id = $1::uuid
      returning ${columns}`,
    values: [id, name, JSON.stringify(attributes), expiresAt?.toISOString() ?? null, externalId],
  }
}

/** Returns no row when the tenant does not exist, or has none of the statuses from which it may be moved: of two processes, one moves it. */
export function setStatusSql(key: TenantKey, from: readonly TenantStatus[], to: TenantStatus): Statement {
  return {
    text: `
      update partywall.tenants as tenant
      set status = $2::text
      where ${matches(key)}
        and tenant.status = any ($3::text[])
      returning ${columns}`,
    values: [key.value, to, [...from]],
  }
}

function matches({ by }: TenantKey, value = '$1'): string {
  switch (by) {
    case 'id':
      return `tenant.id = ${value}::uuid`
    case 'schema':
      return `tenant.schema = ${value}::text`
    case 'externalId':
      return `tenant.external_id = ${value}::text`
    case 'domain':
      return `tenant.id = (
        select domain.tenant_id
        from partywall.domains as domain
        where domain.domain = ${value}::text
      )`
    case 'impossible':
      return `${value}::text is null`
  }
}
