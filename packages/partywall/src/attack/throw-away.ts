/**
 * The throw-away tenants of a run: schemas with the rights that a new tenant gets, and no row in the catalog, so no list, no migration and no other process
 * meets them. They are removed when the run ends, however it ends; after a kill, by the next run.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { toTenant } from '../catalog/tenants/tenant-row.ts'
import { identifier } from '../names/identifier.ts'
import { tenantRole } from '../names/role-name.ts'
import type { Database, Transaction } from '../ports/database.ts'
import { explainPrivilege } from '../sql/privilege.ts'
import { createSchemaSql } from '../sql/schema-sql.ts'
import { sqlState, sqlStateOf } from '../sql/sqlstate.ts'
import type { SharedObjects, ThrowAway, World } from './groups/world.ts'
import { madeWith, newId, schemaOf } from './throw-away-names.ts'
import {
  dropLargeObjectsSql,
  dropRoleText,
  dropSchemasText,
  dropSharedText,
  leftoversSql,
  rolesSql,
  sharedObjects,
  sharedText,
  tablesText,
} from './throw-away-sql.ts'

export type ThrowAways = Pick<World, 'mine' | 'sibling' | 'other' | 'shared'>

/** Gives a new schema to its tenant, as the lifecycle does for every tenant. */
type GiveSchema = (transaction: Transaction, tenant: ThrowAway['tenant']) => Promise<void>

export interface MakingParts {
  readonly owner: Pick<Database, 'query' | 'transaction'>
  readonly kind: string
  readonly sharedSchema: string
  readonly give: GiveSchema
  readonly roleOf: (tenant: ThrowAway['tenant']) => string
}

/** One transaction for each tenant. */
export async function makeThrowAways(parts: MakingParts, ids: readonly string[]): Promise<ThrowAways> {
  const mine = await make(parts, ids[0]!, false)
  const sibling = await make(parts, ids[1]!, true)
  const other = await make(parts, ids[2]!, false)
  return { mine, sibling, other, shared: await makeShared(parts, ids[0]!, sibling) }
}

/** For the tenants, and for one more schema. */
export function newIds(): readonly string[] {
  return [newId(), newId(), newId(), newId()]
}

async function make(parts: MakingParts, id: string, isOther: boolean): Promise<ThrowAway> {
  const schema = schemaOf(id)
  const secret = `s${randomBytes(10).toString('hex')}`
  const code = `c${randomBytes(10).toString('hex')}`
  const number = String(randomInt(1_000_000_000, 2_000_000_000))
  await parts.owner.transaction(async (transaction) => {
    await createSchema(transaction, schema)
    await parts.give(transaction, tenantOf(parts, id, undefined))
    await transaction.in('pg_catalog').query({ text: tablesText({ schema, secret, code, number }, isOther) })
  })
  const tenant = tenantOf(parts, id, await oidOf(parts, schema))
  return { tenant, schema, sql: identifier(schema), secret, code, number, role: parts.roleOf(tenant) }
}

async function createSchema(transaction: Transaction, schema: string): Promise<void> {
  try {
    await transaction.query(createSchemaSql(schema))
  } catch (error) {
    throw explainPrivilege(
      error,
      'create the throw-away tenants of the attacks',
      'Run the attacks as a role that may create schemas: give it in the option "database.deploy".',
    )
  }
}

async function oidOf({ owner }: MakingParts, schema: string): Promise<string> {
  const { rows } = await owner.query<{ oid: string }>({
    text: 'select oid::text from pg_catalog.pg_namespace where nspname = $1::text',
    values: [schema],
  })
  return rows[0]!.oid
}

/** As the catalog reads a tenant, without the row. */
function tenantOf({ kind }: MakingParts, id: string, schemaOid: string | undefined): ThrowAway['tenant'] {
  const schema = schemaOf(id)
  return toTenant({
    id,
    schema,
    name: schema,
    kind,
    status: 'active',
    placement: 'default',
    generation: '1',
    revision: '1',
    attributes: '{}',
    created_at: String(madeWith(schema).at),
    // Its first password, where the boundary is `login`.
    login_generation: '1',
    ...(schemaOid !== undefined && { schema_oid: schemaOid }),
  })
}

/** undefined where the role may not create in the shared schema. */
async function makeShared(parts: MakingParts, id: string, sibling: ThrowAway): Promise<SharedObjects | undefined> {
  const { owner, sharedSchema } = parts
  try {
    await owner.transaction((transaction) =>
      transaction.in('pg_catalog').query({ text: sharedText(sharedSchema, schemaOf(id), sibling.schema) }),
    )
  } catch (error) {
    if (sqlStateOf(error) === sqlState.insufficientPrivilege) return undefined
    throw error
  }
  return sharedObjects(sharedSchema, schemaOf(id))
}

/** Removes what `makeThrowAways` made of these ids, also when it was interrupted. */
export async function dropThrowAways(parts: Pick<MakingParts, 'owner' | 'sharedSchema'>, ids: readonly string[]): Promise<void> {
  const { owner, sharedSchema } = parts
  const schemas = ids.map(schemaOf)
  const text = [...schemas.map((name) => dropSharedText(sharedSchema, name)), dropSchemasText(schemas)].join('\n')
  await owner.transaction(async (transaction) => {
    await transaction.in('pg_catalog').query({ text })
    await transaction.query(dropLargeObjectsSql(schemas))
    const { rows } = await transaction.query<{ role: string }>(rolesSql(ids.map(tenantRole)))
    for (const { role } of rows) await transaction.in('pg_catalog').query({ text: dropRoleText(role) })
  })
}

const leftOverAfterMs = 3_600_000

/** Removes what a killed run has left: what is older than an hour, by its name. */
export async function dropLeftovers(parts: Pick<MakingParts, 'owner' | 'sharedSchema'>): Promise<void> {
  const { rows } = await parts.owner.query<{ kind: string; name: string; now: string }>(leftoversSql(parts.sharedSchema))
  const old = rows
    .filter(({ kind, name }) => (kind === 'shared' ? name.endsWith('_table') : name === schemaOf(madeWith(name).id)))
    .filter(({ name, now }) => madeWith(name).at < Number(now) - leftOverAfterMs)
  const ids = new Set(old.map(({ name }) => madeWith(name).id))
  for (const id of ids) await dropThrowAways(parts, [id]).catch((error: unknown) => tellLeftBehind([id], error))
}

/** The attacks have been run, or can be: what could not be removed is no reason to keep their result back. */
export function tellLeftBehind(ids: readonly string[], error: unknown): void {
  process.emitWarning(
    `Throw-away tenants of attacks could not be removed: ${String(error)}. Drop these schemas, if they exist: ${ids.map(schemaOf).join(', ')}. ` +
      'See docs/errors.md#PARTYWALL_ATTACK_LEFT',
    { code: 'PARTYWALL_ATTACK_LEFT' },
  )
}
