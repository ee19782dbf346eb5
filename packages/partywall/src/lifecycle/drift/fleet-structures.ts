/**
 * The state of many tenants: the digest of the history, which says what the structure should be, and the fingerprint of what it is. Both belong
 * together, so the digests are read before and after the fingerprints, and a tenant that is being migrated meanwhile is read again.
 */
import { readFingerprints } from '../../blueprint/fingerprints.ts'
import { inParallel } from '../../fleet/workers.ts'
import { readDigests } from '../../migrations/history/history.ts'
import type { Connections, Database } from '../../ports/database.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import type { Queryable } from '../../sql/statement.ts'
import type { Tenant } from '../../types.ts'

export interface TenantStructure {
  readonly tenant: Tenant<any>
  /** Absent when it cannot be known what the tenant should look like; `reason` says why. */
  readonly digest?: string
  readonly fingerprint?: string
  readonly reason?: string
}

/** So many schemas are read by a statement, and so many of these statements run at a time: each takes a core of the server. */
const batch = 100
const mostConnections = 4
/** A tenant that is still being migrated is then reported as such. */
const mostReads = 3

/** Costs three statements for 100 tenants, on up to 4 connections. The order is that of the tenants. */
export async function readFleet(
  database: Pick<Database, 'connections'>,
  tenants: readonly Tenant<any>[],
): Promise<readonly TenantStructure[]> {
  if (tenants.length === 0) return []
  const found = new Map<string, TenantStructure>()
  const batches = Array.from({ length: Math.ceil(tenants.length / batch) }, (_, index) =>
    tenants.slice(index * batch, (index + 1) * batch),
  )
  await database.connections(Math.min(mostConnections, batches.length), async (connections) => {
    await inParallel(batches, connections.size, (some) => readBatch(connections, some, found))
  })
  return tenants.map((tenant) => found.get(tenant.id)!)
}

async function readBatch(
  connections: Connections,
  tenants: readonly Tenant<any>[],
  found: Map<string, TenantStructure>,
): Promise<void> {
  let open = tenants
  for (let reads = 0; open.length > 0 && reads < mostReads; reads++) {
    const read = await readUnlocked(connections, open)
    for (const structure of read) found.set(structure.tenant.id, structure)
    open = read.filter(({ reason }) => reason === isMoving).map(({ tenant }) => tenant)
  }
}

/** One tenant with a locked table must not keep the others waiting: they are then read one by one. */
async function readUnlocked(
  connections: Pick<Connections, 'transaction'>,
  tenants: readonly Tenant<any>[],
): Promise<readonly TenantStructure[]> {
  try {
    return await withoutWaiting(connections, (transaction) => readStructures(transaction, tenants))
  } catch (error) {
    if (sqlStateOf(error) !== lockNotAvailable) throw error
    if (tenants.length === 1) return [{ tenant: tenants[0]!, reason: isLocked }]
    const read: TenantStructure[] = []
    for (const tenant of tenants) read.push(...(await readUnlocked(connections, [tenant])))
    return read
  }
}

/** PostgreSQL locks a table while it prints an expression of it. It must not wait behind a migration, where the application would wait behind it. */
export async function withoutWaiting<T>(
  { transaction }: Pick<Database, 'transaction'>,
  fn: (queryable: Queryable) => Promise<T>,
): Promise<T> {
  return transaction(async (begun) => {
    await begun.query({ text: `select pg_catalog.set_config('lock_timeout', '${longestWaitMs}', true)` })
    return fn(begun)
  })
}

async function readStructures(queryable: Queryable, tenants: readonly Tenant<any>[]): Promise<readonly TenantStructure[]> {
  const schemas = tenants.map(({ schema }) => schema)
  const before = await readDigests(queryable, schemas)
  const fingerprints = await readFingerprints(queryable, schemas)
  const after = await readDigests(queryable, schemas)
  return tenants.map((tenant): TenantStructure => {
    const [stored, fingerprint] = [after.get(tenant.schema), fingerprints.get(tenant.schema)]
    if (stored === undefined || fingerprint === undefined) return { tenant, reason: isGone }
    if (!stored.hasHistory) return { tenant, reason: hasNoHistory }
    if (before.get(tenant.schema)?.digest !== stored.digest) return { tenant, reason: isMoving }
    if (stored.digest === null) return { tenant, reason: isUnfinished }
    return { tenant, digest: stored.digest, fingerprint }
  })
}

const longestWaitMs = 500
export const lockNotAvailable = '55P03'

export const isMoving = 'It is being migrated.'
const isLocked = 'Another session holds a lock on one of its tables.'
const isGone = 'Its schema is not in the database.'
const hasNoHistory = 'Its history of migrations (the table partywall_migrations) is missing.'
const isUnfinished =
  'A migration outside of transactions runs there, or stopped in the middle. Run `migrate` again, which finishes it.'
