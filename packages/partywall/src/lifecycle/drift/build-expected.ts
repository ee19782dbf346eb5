/**
 * Finds out what migrations give: they are applied in an empty schema, in a transaction that is rolled back. No other session sees any of it.
 * Code is not run, and neither is SQL that changes shared objects: what these do may stay.
 */
import { randomUUID } from 'node:crypto'
import type { Blueprint } from '../../blueprint/blueprint.ts'
import { readFingerprints } from '../../blueprint/fingerprints.ts'
import { readBlueprint } from '../../blueprint/read-blueprint.ts'
import type { Access } from '../../catalog/roles/access.ts'
import { giveNewSchema } from '../../catalog/roles/tenant-role.ts'
import type { Options } from '../../config/options.ts'
import { tenancyErrorOf } from '../../errors.ts'
import { applyToNew } from '../../migrations/apply/new-schema.ts'
import { review, type ReviewOptions } from '../../migrations/plan/reviews.ts'
import type { MigrationSources } from '../../migrations/sources/sources.ts'
import type { Database, Transaction } from '../../ports/database.ts'
import type { Migration, MigrationSource } from '../../ports/migration-source.ts'
import { createSchemaSql } from '../../sql/schema-sql.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import type { Tenant } from '../../types.ts'
import { schemaMark } from '../structure/differences.ts'

export interface BuildParts {
  /** Of the deploy role. */
  readonly deploy: Pick<Database, 'transaction'>
  readonly access: Access
  readonly options: ReviewOptions & Pick<Options, 'boundary'>
  readonly sources: Pick<MigrationSources, 'shared'>
}

export type Built = { readonly blueprint: Blueprint; readonly fingerprint: string } | { readonly reason: string }

/** How long it waits for a lock on a shared table that the migrations refer to. */
const lockTimeoutMs = 2000

/**
 * Costs about what it costs to create a tenant. A foreign key to a shared table locks that table against writes until the end.
 * @param all migrations of the source; the first `count` of them are applied
 */
export async function buildExpected(
  parts: BuildParts,
  { kind, source, all, count }: { kind: string; source: MigrationSource; all: readonly Migration[]; count: number },
): Promise<Built> {
  const migrations = all.slice(0, count)
  const unfit = migrations.find(({ up, sharedObjects }) => up.kind === 'code' || sharedObjects === true)
  if (unfit !== undefined) return { reason: whyNotRun(unfit) }
  try {
    const reviewed = await review(parts, source, all, false)
    const fit = migrations.map((migration) => reviewed.fit(migration, 'up'))
    return await inScratch(parts, kind, fit)
  } catch (error) {
    return { reason: whyFailed(error) }
  }
}

async function inScratch(parts: BuildParts, kind: string, migrations: readonly Migration[]): Promise<Built> {
  const tenant = scratchTenant(kind)
  const undone = new Error('the transaction is rolled back')
  let built: Built | undefined
  try {
    await parts.deploy.transaction(async (transaction) => {
      await makeTenant(parts, transaction, tenant, migrations)
      const blueprint = await readBlueprint(transaction, tenant.schema)
      const fingerprint = (await readFingerprints(transaction, [tenant.schema])).get(tenant.schema)!
      built = { blueprint: withoutName(blueprint, tenant.schema), fingerprint }
      throw undone
    })
  } catch (error) {
    if (error !== undone) throw error
  }
  return built!
}

/** With the rights of a tenant, so that a tenant without drift has the same fingerprint. It joins no group: that would hold up new tenants. */
async function makeTenant(
  { access, options }: BuildParts,
  transaction: Transaction,
  tenant: Tenant<any>,
  migrations: readonly Migration[],
): Promise<void> {
  await transaction.query({ text: `select pg_catalog.set_config('lock_timeout', '${lockTimeoutMs}', true)` })
  await transaction.query(createSchemaSql(tenant.schema))
  await giveNewSchema(transaction, access, options, tenant)
  await applyToNew(transaction, { schema: tenant.schema, tenant }, migrations)
}

/** Its name is random, so no text has it by chance. */
function scratchTenant(kind: string): Tenant<any> {
  const id = randomUUID()
  const schema = `partywall_expected_${id.replaceAll('-', '')}`
  return {
    id,
    schema,
    name: schema,
    kind,
    status: 'active',
    placement: 'default',
    generation: 1,
    attributes: {},
    createdAt: new Date(),
  }
}

function withoutName(blueprint: Blueprint, schema: string): Blueprint {
  return JSON.parse(JSON.stringify(blueprint).replaceAll(schema, schemaMark)) as Blueprint
}

function whyNotRun({ file, up }: Migration): string {
  return up.kind === 'code'
    ? `The migration ${file} is code, which is not run to find out what it makes.`
    : `The migration ${file} changes shared objects, so it is not run to find out what it makes.`
}

/** Without the words of the server, which may hold values. */
function whyFailed(error: unknown): string {
  const known = tenancyErrorOf(error)
  if (known !== undefined) return `The migrations could not be applied in an empty schema: ${known.summary}`
  const state = sqlStateOf(error)
  return `The migrations could not be applied in an empty schema${state === undefined ? '' : ` (SQLSTATE ${state})`}.`
}
