/** tenancy.tenants.restore: the way back from the archive, under the old name or another one, in one transaction. */
import { freedDomainsSql, restoreTenantSql } from '../../catalog/tenants/life-sql.ts'
import { assertMayMove, invalidMove } from '../../catalog/tenants/moves.ts'
import { reservedSchemas } from '../../config/options.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { assertSchemaName } from '../../names/identifier.ts'
import type { Domain, MigrationReport, Tenant, TenantRef } from '../../types.ts'
import { findArchived } from './find-away.ts'
import { takeName } from '../../catalog/tenants/freed-names.ts'
import type { LifeParts } from './life-parts.ts'
import { renameInTexts } from './own-texts.ts'
import { patiently } from './patiently.ts'
import { moveSchema, orNameTaken } from './schema-move.ts'
import { moveLogins } from './tenant-roles.ts'

export interface RestoreOptions {
  /** The name of its schema. @default the one that it had */
  readonly schema?: string | undefined
  /** Whether migrations that it has missed are applied. @default false: it stays in maintenance until they are */
  readonly migrate?: boolean | undefined
}

export interface Restored<A extends object> {
  /** Active; in maintenance where migrations are pending. */
  readonly tenant: Tenant<A>
  readonly domains: readonly Domain[]
  /** Domains that it had, and that another tenant has now. */
  readonly takenDomains: readonly string[]
  /** Names of migrations that it has missed, and that were not applied. */
  readonly pending: readonly string[]
  /** Why its migrations need a person; absent when they do not. */
  readonly problem?: unknown
  /** Of the migrations that were applied. */
  readonly migrations?: MigrationReport
}

export async function restoreTenant<A extends object>(
  parts: LifeParts<A>,
  ref: TenantRef,
  options: RestoreOptions = {},
): Promise<Restored<A>> {
  assertKnownKeys('tenants.restore', options, ['schema', 'migrate'])
  if (options.schema !== undefined) assertSchemaName(options.schema, reservedSchemas(parts.options))
  const found = await findArchived(parts.tenants, ref)
  const state = await parts.migrations.pendingOf(found)
  const isBehind = state.pending.length > 0 || state.problem !== undefined
  const restored = await patiently(found.schema, () =>
    restoreOnce(parts, found, options.schema, isBehind ? 'maintenance' : 'active'),
  )
  parts.tenants.moved('tenant.restored', { tenant: restored.tenant })
  parts.domains.added(restored.added)
  const { tenant, domains, takenDomains } = restored
  if (!isBehind || options.migrate !== true) return { tenant, domains, takenDomains, ...state }
  const migrations = await parts.migrations.run(tenant)
  if (!migrations.ok) return { tenant, domains, takenDomains, ...state, migrations }
  return { tenant: await parts.tenants.setStatus({ id: tenant.id }, 'active'), domains, takenDomains, pending: [], migrations }
}

interface RestoredOnce<A extends object> {
  readonly tenant: Tenant<A>
  readonly domains: readonly Domain[]
  readonly added: readonly Domain[]
  readonly takenDomains: readonly string[]
}

function restoreOnce<A extends object>(
  parts: LifeParts<A>,
  found: Tenant<A>,
  wanted: string | undefined,
  status: 'active' | 'maintenance',
): Promise<RestoredOnce<A>> {
  return parts.tenants.changing(
    { by: 'id', value: found.id },
    async (transaction, before) => {
      assertMayMove(before, 'restore')
      // A row that another program marked as archived still has its schema.
      const former = before.archivedSchema ?? before.schema
      const schema = wanted ?? former
      if (schema !== before.schema) {
        await takeName(transaction, schema, parts.catalog)
        await moveSchema(parts, transaction, before, schema)
        await renameInTexts(transaction, schema, former)
      }
      await moveLogins(transaction, before.id, schema, parts.options.sharedSchema, true)
      const { rows } = await transaction.query<{ name: string }>(freedDomainsSql(before.id))
      const freed = rows.map(({ name }) => name)
      const restore = restoreTenantSql(before.id, schema, status)
      const details = { before: former, status }
      const tenant = await orNameTaken(schema, parts.tenants.move(transaction, restore, 'tenant.restored', details))
      if (tenant === undefined) throw invalidMove(before, 'restore')
      const domains = await parts.domains.bringBack(transaction, before.id, freed)
      const added = domains.filter(({ domain }) => freed.includes(domain))
      const takenDomains = freed.filter((name) => !domains.some(({ domain }) => domain === name))
      return { tenant, domains, added, takenDomains }
    },
    parts.catalog.deploy,
  )
}
