/**
 * tenancy.tenants.archive: the schema is renamed away and the row is marked, in one transaction. Nothing is dropped: the tenant can be restored until it
 * is purged.
 */
import { leaveSql } from '../../catalog/tenants/life-sql.ts'
import { assertMayMove, invalidMove } from '../../catalog/tenants/moves.ts'
import { parseTenantRef } from '../../catalog/tenants/tenant-ref.ts'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { awaySchema } from '../../names/identifier.ts'
import type { Transaction } from '../../ports/database.ts'
import type { Domain, Tenant, TenantRef } from '../../types.ts'
import { assertWholeNumber } from '../../whole-number.ts'
import type { LifeParts } from './life-parts.ts'
import { patiently } from './patiently.ts'
import { moveSchema } from './schema-move.ts'
import { closeLogins } from './tenant-roles.ts'

export interface ArchiveOptions {
  /** Milliseconds after which `tenants.purge` may delete the tenant; null keeps it without a limit. 0 to 100 years. @default 30 days */
  readonly purgeAfterMs?: number | null | undefined
  /** Whether its domains stay with it; requests to them are answered as those of a suspended tenant. @default false: other tenants may take them */
  readonly keepDomains?: boolean | undefined
}

const dayMs = 86_400_000
const defaultPurgeAfterMs = 30 * dayMs

export async function archiveTenant<A extends object>(
  parts: LifeParts<A>,
  ref: TenantRef,
  options: ArchiveOptions = {},
  isStillDue?: (transaction: Transaction, tenant: Tenant<A>) => Promise<void>,
): Promise<Tenant<A>> {
  const key = parseTenantRef(ref)
  const wanted = checked(options)
  const { tenant, freed } = await patiently(key.value, () =>
    parts.tenants.changing(
      key,
      async (transaction, before) => {
        await isStillDue?.(transaction, before)
        return archiveOnce(parts, transaction, before, wanted)
      },
      parts.catalog.deploy,
    ),
  )
  parts.tenants.moved('tenant.archived', { tenant })
  parts.domains.removed(freed)
  return tenant
}

async function archiveOnce<A extends object>(
  parts: LifeParts<A>,
  transaction: Transaction,
  before: Tenant<A>,
  { purgeAfterMs, keepDomains }: CheckedArchive,
): Promise<{ readonly tenant: Tenant<A>; readonly freed: readonly Domain[] }> {
  assertMayMove(before, 'archive')
  const away = awaySchema(before.id)
  await moveSchema(parts, transaction, before, away)
  await closeLogins(transaction, before.id)
  const freed = keepDomains ? [] : await parts.domains.free(transaction, before.id)
  const names = freed.map(({ domain }) => domain)
  const leave = leaveSql(before.id, { to: 'archived', away, schema: before.schema, freed: names, purgeAfterMs })
  const tenant = await parts.tenants.move(transaction, leave, 'tenant.archived', { before: before.schema, domains: names })
  if (tenant === undefined) throw invalidMove(before, 'archive')
  return { tenant, freed }
}

interface CheckedArchive {
  readonly purgeAfterMs: number | null
  readonly keepDomains: boolean
}

function checked(options: ArchiveOptions): CheckedArchive {
  assertKnownKeys('tenants.archive', options, ['purgeAfterMs', 'keepDomains'])
  const { purgeAfterMs = defaultPurgeAfterMs, keepDomains = false } = options
  if (purgeAfterMs !== null) {
    const range = { least: 0, most: 36_500 * dayMs }
    assertWholeNumber('INVALID_ARGUMENT', '"purgeAfterMs" of tenants.archive', 'purgeAfterMs', purgeAfterMs, range)
  }
  if (typeof keepDomains !== 'boolean') {
    throw new TenancyError('INVALID_ARGUMENT', '"keepDomains" of tenants.archive must be true or false.', {
      details: { option: 'keepDomains' },
    })
  }
  return { purgeAfterMs, keepDomains }
}
