/** Which schemas a fleet adoption is for: those that fit a pattern, a list, the rows of a query, or those that django-tenants has recorded. */
import type { Options } from '../../config/options.ts'
import { TenancyError } from '../../errors.ts'
import { catalogSchema } from '../../names/identifier.ts'
import type { Database } from '../../ports/database.ts'
import { readJson } from '../../sql/json-rows.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import type { Candidate } from './candidate.ts'
import { readDjangoTenants, type DjangoTables } from './django.ts'

/** Exactly one of these. */
export interface Candidates {
  /** A pattern as of SQL's LIKE: `tenant_%`. */
  readonly like?: string | undefined
  /** Names of schemas, or schemas with the names and domains of their tenants. */
  readonly schemas?: readonly (string | Candidate)[] | undefined
  /** A query that returns a column `schema`, and perhaps `name`, `domain` and `kind`; several rows of a schema give it several domains. It runs read-only. */
  readonly query?: string | undefined
  /** The tables of django-tenants: found by their columns, or named. */
  readonly django?: boolean | DjangoTables | undefined
}

export const candidateKeys = ['like', 'schemas', 'query', 'django'] as const satisfies readonly (keyof Candidates)[]

/** Each schema once, in the order of their names. @throws TenancyError INVALID_ARGUMENT */
export async function readCandidates(
  deploy: Database,
  options: Pick<Options, 'sharedSchema' | 'extraSearchPath'>,
  given: Candidates,
): Promise<Candidate[]> {
  const keys = candidateKeys.filter((key) => given[key] !== undefined && given[key] !== false)
  if (keys.length !== 1)
    throw invalid(keys[1] ?? 'like', `is one of ${candidateKeys.join(', ')}, and exactly one of them is required`)
  const found = await read(deploy, options, given)
  const bySchema = new Map<string, Candidate>()
  for (const candidate of found) {
    const { schema } = candidate
    if (typeof schema !== 'string' || schema === '')
      throw invalid(keys[0]!, 'must give the name of a schema in each place, as text')
    bySchema.set(schema, merged(bySchema.get(schema), candidate))
  }
  return [...bySchema.values()].toSorted((one, other) => (one.schema < other.schema ? -1 : 1))
}

async function read(
  deploy: Database,
  options: Pick<Options, 'sharedSchema' | 'extraSearchPath'>,
  given: Candidates,
): Promise<Candidate[]> {
  const { like, schemas, query, django } = given
  if (like !== undefined) {
    if (typeof like !== 'string' || like === '') throw invalid('like', "must be a pattern such as 'tenant_%', as text")
    return readJson<Candidate>(deploy, likeSql(like, [options.sharedSchema, ...options.extraSearchPath, catalogSchema]))
  }
  if (schemas !== undefined) {
    if (!Array.isArray(schemas)) throw invalid('schemas', 'must be a list')
    return (schemas as readonly (string | Candidate)[]).map((one) => (typeof one === 'string' ? { schema: one } : one))
  }
  if (query !== undefined) return readQuery(deploy, query)
  const tables = typeof django === 'object' ? django : {}
  return (await readDjangoTenants(deploy, options.sharedSchema, tables)).filter(({ schema }) => schema !== options.sharedSchema)
}

function merged(before: Candidate | undefined, one: Candidate): Candidate {
  if (before === undefined) return one
  return {
    ...before,
    name: before.name ?? one.name,
    kind: before.kind ?? one.kind,
    domains: [...(before.domains ?? []), ...(one.domains ?? [])],
  }
}

interface QueryRow {
  readonly schema?: unknown
  readonly name?: unknown
  readonly domain?: unknown
  readonly kind?: unknown
}

/** What it writes would be rolled back, if the server did not refuse it first. */
async function readQuery(deploy: Database, query: string): Promise<Candidate[]> {
  if (typeof query !== 'string' || query.trim() === '') throw invalid('query', 'must be a query, as text')
  const rows = await deploy.transaction(async (transaction) => {
    await transaction.query({ text: 'set transaction read only' })
    return readJson<QueryRow>(transaction, { text: query.replace(/[;\s]+$/, '') })
  })
  return rows.map(({ schema, name, domain, kind }) => {
    const known = textOf(schema)
    if (known === undefined) throw invalid('query', 'must return a column "schema" with a name in each row')
    const [withName, withDomain, withKind] = [textOf(name), textOf(domain), textOf(kind)]
    return { schema: known, name: withName, kind: withKind, domains: withDomain === undefined ? [] : [withDomain] }
  })
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** No schema of the system, and none that tenants share. */
function likeSql(like: string, others: readonly string[]): Statement {
  return {
    text: `
      select namespace.nspname::text as schema
      from pg_catalog.pg_namespace as namespace
      where namespace.nspname::text like $1::text
        and namespace.nspname::text <> all ($2::text[])
        and namespace.nspname <> 'information_schema'
        and namespace.nspname::text not like 'pg\\_%'
      order by 1`,
    values: [like, others],
  }
}

/** The schemas that are tenants already. */
export async function readTaken(queryable: Queryable): Promise<Map<string, string>> {
  const rows = await readJson<{ id: string; schema: string }>(queryable, {
    text: 'select tenant.id::text as id, tenant.schema as schema from partywall.tenants as tenant',
  })
  return new Map(rows.map(({ id, schema }) => [schema, id]))
}

export function invalid(option: string, what: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `"${option}" of tenants.adoptAll ${what}.`, { details: { option } })
}
