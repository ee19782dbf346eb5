/** Which schemas a run is about, and what migrations each of them should have. */
import type { Tenants } from '../../catalog/tenants/tenants.ts'
import { TenancyError } from '../../errors.ts'
import type { Options } from '../../config/options.ts'
import { checkedSelection } from '../../catalog/tenants/selection.ts'
import type { Attributes, Tenant, TenantSelection } from '../../types.ts'
import { findMigration } from './plan.ts'
import type { MigrationSource } from '../../ports/migration-source.ts'
import type { Lists } from './source-reader.ts'
import { sourceOfKind, type MigrationSources } from '../sources/sources.ts'

/** Which schemas a migration run is about. Without any of these: the shared schema, then all tenants. */
export interface MigrationSelection extends Omit<TenantSelection, 'status'> {
  /** The shared schema; alone, it means that no tenant is migrated. @default true when nothing else is selected */
  readonly shared?: boolean | undefined
  /**
   * Only tenants of this status, or of one of these. A suspended tenant is migrated by default, because it would meet the new code with
   * its old tables when it is activated.
   * @default every status but 'archived'
   */
  readonly status?: TenantSelection['status']
}

/** Held shared by whoever makes a tenant, and taken by a run that looks for the tenants that were made meanwhile. */
export const provisioningLock = 'partywall: make a tenant'

export interface FleetTarget {
  /** In reports: the schema of a tenant, or 'shared'. */
  readonly target: string
  readonly schema: string
  /** Absent for the shared schema. */
  readonly tenant?: Tenant<any>
  /** Absent when the source is unknown; `problem` says why. */
  readonly source?: MigrationSource
  readonly problem?: unknown
}

export interface TargetParts<A extends object = Attributes> {
  readonly tenants: Tenants<A>
  readonly sources: MigrationSources
  readonly options: Pick<Options, 'sharedSchema' | 'includeShared'>
}

/** The schemas that a selection means, the shared one first. Costs one query for all tenants, or one for each that is named. */
export async function selectTargets<A extends object>(
  parts: TargetParts<A>,
  selection: MigrationSelection,
): Promise<FleetTarget[]> {
  const { shared, tenants } = meaningOf(selection)
  const selected = tenants ? await selectTenants(parts, selection) : []
  return [...(shared ? [sharedTarget(parts)] : []), ...selected.map((tenant) => tenantTarget(tenant, parts.sources))]
}

/** The sources of a selection, as far as they are known before the tenants are read: some may turn out to have no tenant. */
export function likelySources({ sources }: Pick<TargetParts, 'sources'>, selection: MigrationSelection): MigrationSource[] {
  const { shared, tenants } = meaningOf(selection)
  const isForAll = tenants && (selection.tenants === undefined || selection.tenants === true)
  const kinds = isForAll ? (selection.kinds ?? [...sources.kinds.keys()]) : []
  return [...(shared ? [sources.shared] : []), ...[kinds].flat().flatMap((kind) => sources.kinds.get(kind) ?? [])]
}

/** The schemas that an interrupted run has left undone; tenants that are no more are left out. */
export async function unfinishedTargets<A extends object>(
  parts: TargetParts<A>,
  unfinished: readonly { readonly tenantId: string | undefined }[],
): Promise<FleetTarget[]> {
  const ids = new Set(unfinished.map(({ tenantId }) => tenantId))
  const tenants = (await parts.tenants.select(everyTenant)).filter(({ id }) => ids.has(id))
  return [...(ids.has(undefined) ? [sharedTarget(parts)] : []), ...tenants.map((tenant) => tenantTarget(tenant, parts.sources))]
}

/**
 * The full name of the migration that `to` means. Names of two folders cannot be compared, so there may be only one.
 * @throws TenancyError INVALID_ARGUMENT
 */
export function lastWanted(lists: Lists, to: string): string {
  const [only, second] = [...lists]
  if (only === undefined) return to
  if (second === undefined) return findMigration(only[1], to, only[0].name).name
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `"to" names a migration of one folder, but this run is about ${lists.size}: ${[...lists.keys()].map(({ name }) => name).join(', ')}. ` +
      'Choose the shared schema alone, or tenants of one kind.',
    { details: { option: 'to' } },
  )
}

function meaningOf({ shared, ...selection }: MigrationSelection): { shared: boolean; tenants: boolean } {
  const isForTenants = selectionKeys.some((key) => selection[key] !== undefined)
  return { shared: shared ?? !isForTenants, tenants: isForTenants || shared !== true }
}

const selectionKeys = ['tenants', 'kinds', 'status'] as const satisfies readonly (keyof TenantSelection)[]

const everyTenant = { named: undefined, kinds: undefined, status: undefined } as const

async function selectTenants<A extends object>(
  { tenants, sources }: TargetParts<A>,
  selection: MigrationSelection,
): Promise<Tenant<A>[]> {
  const checked = checkedSelection('migrations', selection, ['active', 'suspended', 'maintenance'])
  for (const kind of checked.kinds ?? []) sourceOfKind(sources, kind)
  return tenants.select(checked)
}

function sharedTarget<A extends object>({ options, sources }: TargetParts<A>): FleetTarget {
  return { target: 'shared', schema: options.sharedSchema, source: sources.shared }
}

/** A kind that the configuration has lost is the trouble of its tenants alone. */
function tenantTarget(tenant: Tenant<any>, sources: MigrationSources): FleetTarget {
  const base = { target: tenant.schema, schema: tenant.schema, tenant }
  try {
    return { ...base, source: sourceOfKind(sources, tenant.kind) }
  } catch (problem) {
    return { ...base, problem }
  }
}
