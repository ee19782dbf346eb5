/**
 * The proof that two tenants stay isolated on this route: two temporary schemas with one table each, and the statements that would
 * show a pooler that splits a batch, a proxy that answers by itself, or a path that is left on a session.
 */
import { randomBytes } from 'node:crypto'
import pg, { type Client, type PoolClient } from 'pg'
import { isTenancyError, TenancyError } from '../../errors.ts'
import type { Tenant } from '../../types.ts'
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import { createSchemaSql, dropSchemaSql } from '../../sql/schema-sql.ts'
import { sqlState, sqlStateOf } from '../../sql/sqlstate.ts'
import type { Statement } from '../../sql/statement.ts'
import type { ProbeParts } from './probe-parts.ts'
import type { Route } from './route.ts'
import { explainUnreachable } from '../pool/unreachable.ts'

export type Isolation =
  | {
      readonly proven: true
      /** How many answers were checked. */
      readonly answers: number
    }
  /** Nothing wrong was seen, but the proof could not be tried, e.g. because the role may not create schemas. */
  | { readonly proven: false; readonly reason: string }

const rounds = 25

/** @throws TenancyError UNSAFE_SETUP when an answer was wrong */
export async function proveIsolation(parts: ProbeParts, route: Route): Promise<Isolation> {
  const name = `partywall_probe_${randomBytes(6).toString('hex')}`
  const tenants = [temporaryTenant(`${name}_a`), temporaryTenant(`${name}_b`)] as const
  const missing = temporaryTenant(`${name}_missing`)
  try {
    await createSchemas(parts, tenants)
  } catch (error) {
    const reason = whyNotTried(error)
    if (reason === undefined) throw error
    return { proven: false, reason }
  }
  try {
    const witness = mayWitness(route) ? await Witness.open(parts) : undefined
    let answers = 0
    try {
      for (let round = 0; round < rounds; round++) {
        // At the same time, so that both use each connection; a tenant alone could not find another's path.
        await Promise.all(tenants.map((tenant) => parts.scope.run(tenant, () => assertIsolated(parts, tenant))))
        await witness?.assertUntouched()
        answers += 2 * answersOfOne
      }
      await parts.scope.run(missing, () => assertRefused(parts, missing))
    } finally {
      await witness?.close()
    }
    return { proven: true, answers }
  } finally {
    await dropSchemas(parts, tenants)
  }
}

/** How many answers one call of `assertIsolated` checks. */
const answersOfOne = 4

async function assertIsolated({ pool }: ProbeParts, { schema }: Tenant): Promise<void> {
  const readsOwnRow = async (client: Pick<PoolClient, 'query'>, statement: Statement): Promise<void> => {
    const { rows } = await client.query<{ owner: string }>(statement.text, statement.values).catch(lostPath)
    if (rows.length !== 1 || rows[0]!.owner !== schema) throw unsafe('a statement of one schema read the rows of another')
  }
  await readsOwnRow(pool, readOwnerSql())
  await readsOwnRow(pool, readOwnerOfSql(schema))
  const client = await pool.connect()
  try {
    await client.query('begin isolation level repeatable read')
    await readsOwnRow(client, readOwnerSql())
    await client.query('savepoint probe')
    await client.query('select 1 / 0').catch(() => {})
    await client.query('rollback to savepoint probe')
    await readsOwnRow(client, readOwnerOfSql(schema))
    await client.query('commit')
  } finally {
    client.release()
  }
}

function lostPath(error: unknown): never {
  throw sqlStateOf(error) === sqlState.undefinedTable
    ? unsafe('a statement ran without the path that it was sent with', error)
    : error
}

/** Where a binding and its statement are sent apart, the statement runs although the binding has failed. */
async function assertRefused({ pool }: ProbeParts, { schema }: Tenant): Promise<void> {
  for (const { text, values } of [readNothingSql(), readParameterSql(schema)]) {
    const refusal = await pool.query(text, values).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (isTenancyError(refusal, 'SCHEMA_MISSING')) continue
    throw unsafe('a statement ran although its binding had failed', refusal)
  }
}

/** A plain client. A pooler lends it the sessions that the bound statements used, so it sees whether a path is left on one. */
class Witness {
  readonly #client: Client
  readonly #path: string

  private constructor(client: Client, path: string) {
    this.#client = client
    this.#path = path
  }

  static async open({ config }: ProbeParts): Promise<Witness> {
    const client = new pg.Client(config)
    client.on('error', () => {})
    await client.connect().catch((error: Error) => {
      throw explainUnreachable(error, config)
    })
    return new Witness(client, await pathOf(client))
  }

  async assertUntouched(): Promise<void> {
    if ((await pathOf(this.#client)) !== this.#path) throw unsafe('a search path was left on a session that another client got')
  }

  close(): Promise<void> {
    return this.#client.end()
  }
}

async function pathOf(client: Client): Promise<string> {
  const { rows } = await client.query<{ path: string }>(`select pg_catalog.current_setting('search_path') as path`)
  return rows[0]!.path
}

function mayWitness(route: Route): boolean {
  return route.kind === 'pooler' && route.mode === 'transaction'
}

function temporaryTenant(schema: string): Tenant<any> {
  return Object.freeze({
    id: '00000000-0000-0000-0000-000000000000',
    schema,
    name: schema,
    kind: 'default',
    status: 'active',
    placement: 'default',
    generation: 1,
    attributes: {},
    createdAt: new Date(),
  })
}

async function createSchemas({ database }: ProbeParts, tenants: readonly Tenant[]): Promise<void> {
  const login = await database.loginRole()
  await database.deploy.transaction(async (transaction) => {
    for (const { schema } of tenants) {
      await transaction.query(createSchemaSql(schema))
      await transaction.query(createOwnerSql(schema))
      await transaction.query(letReadSql(schema, login))
    }
  })
}

async function dropSchemas({ database }: ProbeParts, tenants: readonly Tenant[]): Promise<void> {
  for (const { schema } of tenants) await database.deploy.query(dropSchemaSql(schema))
}

/** Why schemas cannot be created here, where that says nothing about isolation. */
function whyNotTried(error: unknown): string | undefined {
  const state = sqlStateOf(error)
  if (state === sqlState.insufficientPrivilege) {
    return 'the role of this connection may not create schemas; run the probe once as the role that creates tenants'
  }
  return state === sqlState.readOnlyTransaction ? 'the server is read-only' : undefined
}

function unsafe(what: string, cause?: unknown): TenancyError {
  return new TenancyError(
    'UNSAFE_SETUP',
    `Tenants are not isolated on this connection: ${what}. A proxy or pooler between partywall and PostgreSQL splits what is sent ` +
      'together, or answers in place of the server. Connect to the server itself, or through PgBouncer in transaction mode.',
    cause === undefined ? {} : { cause },
  )
}

function createOwnerSql(schema: string): Statement {
  // The owner is part of the text: a proxy that changes parameters cannot change it.
  return { text: `create table ${identifier(schema)}.probe as select ${literal(schema)}::text as owner` }
}

/** The role that creates the schemas may be another one than the application's. */
function letReadSql(schema: string, role: string): Statement {
  const [name, reader] = [identifier(schema), identifier(role)]
  return { text: `grant usage on schema ${name} to ${reader}; grant select on ${name}.probe to ${reader}` }
}

function readOwnerSql(): Statement {
  return { text: 'select owner from probe' }
}

function readOwnerOfSql(schema: string): Statement {
  return { text: 'select owner from probe where owner >= $1::text or true', values: [schema] }
}

function readNothingSql(): Statement {
  return { text: 'select 1' }
}

function readParameterSql(value: string): Statement {
  return { text: 'select $1::text', values: [value] }
}
