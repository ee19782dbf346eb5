/** tenancy.tenants.purge: archives or deletes the tenants whose time is over. The server's clock decides, and once more when each of them is changed. */
import { dueTenantsSql } from '../../catalog/tenants/life-sql.ts'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { Queryable } from '../../sql/statement.ts'
import type { Tenant } from '../../types.ts'
import { archiveTenant } from './archive.ts'
import { confirmedName } from './delete-plan.ts'
import { deleteTenant, type DeleteOptions } from './delete.ts'
import type { LifeParts } from './life-parts.ts'

export interface PurgeOptions {
  /** Tenants whose `expiresAt` has passed. @default false */
  readonly expired?: boolean | undefined
  /** Archived tenants whose `purgeAt` has passed. @default false */
  readonly archived?: boolean | undefined
  /** Archives the expired tenants instead of deleting them. Archived ones are deleted. @default false */
  readonly archive?: boolean | undefined
  /** Changes nothing: the entries say what would be done. @default false */
  readonly dryRun?: boolean | undefined
  /** As of `tenants.delete`. */
  readonly sharedRows?: DeleteOptions['sharedRows']
}

export interface PurgeEntry {
  /** The schema that the tenant has, or had before it was archived. */
  readonly schema: string
  readonly tenantId: string
  readonly action: 'archive' | 'delete'
  /** `kept`: its time was extended, or another process was faster. */
  readonly state: 'planned' | 'done' | 'kept' | 'failed'
  readonly error?: unknown
}

export interface PurgeReport {
  /** False when some of them failed. */
  readonly ok: boolean
  readonly entries: readonly PurgeEntry[]
}

export async function purgeTenants<A extends object>(parts: LifeParts<A>, options: PurgeOptions): Promise<PurgeReport> {
  const { expired, archived, archive, dryRun, sharedRows } = checked(options)
  const due = await parts.tenants.read(dueTenantsSql({ expired, archived }))
  const entries: PurgeEntry[] = []
  for (const tenant of due) {
    const action = archive && isComplete(tenant) ? 'archive' : 'delete'
    const entry = { schema: confirmedName(tenant), tenantId: tenant.id, action } as const
    if (dryRun) entries.push({ ...entry, state: 'planned' })
    else
      entries.push({ ...entry, ...(await outcomeOf(() => purgeOne(parts, tenant, action, { expired, archived }, sharedRows))) })
  }
  return { ok: entries.every(({ state }) => state !== 'failed'), entries }
}

/** What is half-made or away already cannot be archived. */
function isComplete({ status }: Tenant<any>): boolean {
  return status === 'active' || status === 'suspended' || status === 'maintenance'
}

async function purgeOne<A extends object>(
  parts: LifeParts<A>,
  tenant: Tenant<A>,
  action: PurgeEntry['action'],
  kinds: { readonly expired: boolean; readonly archived: boolean },
  sharedRows: DeleteOptions['sharedRows'],
): Promise<void> {
  const isStillDue = async (transaction: Queryable, { id }: Tenant<A>): Promise<void> => {
    if ((await transaction.query(dueTenantsSql(kinds, id))).rows.length === 0) throw new NotDue()
  }
  const ref = { id: tenant.id }
  if (action === 'archive') await archiveTenant(parts, ref, {}, isStillDue)
  else await deleteTenant(parts, ref, { confirm: confirmedName(tenant), sharedRows }, isStillDue)
}

/** Not an error of the purge: there is nothing to do any more. */
class NotDue extends Error {}

async function outcomeOf(work: () => Promise<void>): Promise<Pick<PurgeEntry, 'state' | 'error'>> {
  try {
    await work()
    return { state: 'done' }
  } catch (error) {
    const isGone = error instanceof TenancyError && ['UNKNOWN_TENANT', 'INVALID_TENANT_MOVE'].includes(error.code)
    return error instanceof NotDue || isGone ? { state: 'kept' } : { state: 'failed', error }
  }
}

type CheckedPurge = Readonly<Record<'expired' | 'archived' | 'archive' | 'dryRun', boolean>> & Pick<PurgeOptions, 'sharedRows'>

function checked(options: PurgeOptions): CheckedPurge {
  const flags = ['expired', 'archived', 'archive', 'dryRun'] as const
  assertKnownKeys('tenants.purge', options, [...flags, 'sharedRows'])
  const wrong = flags.find((flag) => options[flag] !== undefined && typeof options[flag] !== 'boolean')
  const isEmpty = options.expired !== true && options.archived !== true
  if (wrong !== undefined || isEmpty) {
    const option = wrong ?? 'expired'
    const must =
      wrong === undefined ? 'needs { expired: true } or { archived: true }, or both' : `takes true or false for "${wrong}"`
    throw new TenancyError('INVALID_ARGUMENT', `tenants.purge ${must}.`, { details: { option, what: 'tenants.purge' } })
  }
  const { expired = false, archived = false, archive = false, dryRun = false, sharedRows } = options
  return {
    expired: expired === true,
    archived: archived === true,
    archive: archive === true,
    dryRun: dryRun === true,
    sharedRows,
  }
}
