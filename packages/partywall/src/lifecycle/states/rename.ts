/** tenancy.tenants.rename: the schema and the row in one transaction. The id, the history and the roles stay; the generation grows. */
import { renameTenantSql } from '../../catalog/tenants/life-sql.ts'
import { assertMayMove, invalidMove } from '../../catalog/tenants/moves.ts'
import { assertTenantName } from '../../catalog/tenants/tenant-name.ts'
import { parseTenantRef } from '../../catalog/tenants/tenant-ref.ts'
import { reservedSchemas } from '../../config/options.ts'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { assertSchemaName } from '../../names/identifier.ts'
import type { Transaction } from '../../ports/database.ts'
import type { Tenant, TenantRef } from '../../types.ts'
import { takeName } from '../../catalog/tenants/freed-names.ts'
import type { LifeParts } from './life-parts.ts'
import { renameInTexts } from './own-texts.ts'
import { patiently } from './patiently.ts'
import { moveSchema, orNameTaken } from './schema-move.ts'
import { moveLogins } from './tenant-roles.ts'

export interface RenameOptions {
  /** The new name of the schema. @default it stays */
  readonly schema?: string | undefined
  /** The new name for people. @default it stays */
  readonly name?: string | undefined
}

export async function renameTenant<A extends object>(
  parts: LifeParts<A>,
  ref: TenantRef,
  options: RenameOptions,
): Promise<Tenant<A>> {
  const key = parseTenantRef(ref)
  checked(parts, options)
  const { tenant, before } = await patiently(key.value, () =>
    parts.tenants.changing(key, (transaction, found) => renameOnce(parts, transaction, found, options), parts.catalog.deploy),
  )
  if (tenant !== before) parts.tenants.moved('tenant.renamed', { tenant, before: { schema: before.schema, name: before.name } })
  return tenant
}

/** The tenant as it is, and as it was; both are the same object when nothing changed. */
interface Renamed<A extends object> {
  readonly tenant: Tenant<A>
  readonly before: Tenant<A>
}

async function renameOnce<A extends object>(
  parts: LifeParts<A>,
  transaction: Transaction,
  before: Tenant<A>,
  { schema = before.schema, name = before.name }: RenameOptions,
): Promise<Renamed<A>> {
  assertMayMove(before, 'rename')
  const changed = [...(schema === before.schema ? [] : ['schema']), ...(name === before.name ? [] : ['name'])]
  if (changed.length === 0) return { tenant: before, before }
  if (schema !== before.schema) {
    await takeName(transaction, schema, parts.catalog)
    await moveSchema(parts, transaction, before, schema)
    await renameInTexts(transaction, schema, before.schema)
    await moveLogins(transaction, before.id, schema, parts.options.sharedSchema)
  }
  const rename = renameTenantSql(before.id, schema, name)
  const details = { before: before.schema, changed }
  const tenant = await orNameTaken(schema, parts.tenants.move(transaction, rename, 'tenant.renamed', details))
  if (tenant === undefined) throw invalidMove(before, 'rename')
  return { tenant, before }
}

/** Refuses what can be refused without the database, as a creation does. */
function checked({ options: config }: Pick<LifeParts, 'options'>, options: RenameOptions): void {
  assertKnownKeys('tenants.rename', options, ['schema', 'name'])
  const { schema, name } = options
  if (schema === undefined && name === undefined) {
    throw new TenancyError('INVALID_ARGUMENT', 'tenants.rename needs a new name: { schema } or { name }, or both.', {
      details: { option: 'schema', what: 'tenants.rename' },
    })
  }
  if (schema !== undefined) assertSchemaName(schema, reservedSchemas(config))
  if (name !== undefined) assertTenantName(name)
}
