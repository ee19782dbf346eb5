/** Which schemas a run is about, and what migrations each of them should have. */
import type { Tenants } from '../../catalog/tenants/tenants.ts'
import { TenancyError } from '../../errors.ts'
import type { Options } from '../../config/options.ts'
import type { Attributes, Tenant, TenantRef } from '../../types.ts'
import { findMigration } from './plan.ts'
import type { MigrationSource } from '../../ports/migration-source.ts'
import type { Lists } from './source-reader.ts'
import { sourceOfKind, type MigrationSources } from '../sources/sources.ts'

export interface MigrationSelection {
  /** The shared schema. @default true when neither `tenants` nor `tenant` is given */
  readonly shared?: boolean | undefined
  /** All tenants that are not archived. @default true when neither `shared` nor `tenant` is given */
  readonly tenants?: boolean | undefined
  /** These tenants, archived or not. */
  readonly tenant?: TenantRef | readonly TenantRef[] | undefined
  /** Only tenants of this kind, or of one of these. Together with it, the shared schema is meant only when `shared` says so. */
  readonly kind?: string | readonly string[] | undefined
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
  const targets = new Map<string, FleetTarget>()
  for (const tenant of await selectTenants(parts, selection, tenants)) {
    targets.set(tenant.id, tenantTarget(tenant, parts.sources))
  }
  return [...(shared ? [sharedTarget(parts)] : []), ...targets.values()]
}

/** The sources of a selection, as far as they can be told before the tenants are known: some may turn out to be nobody's. */
export function likelySources({ sources }: Pick<TargetParts, 'sources'>, selection: MigrationSelection): MigrationSource[] {
  const { shared, tenants } = meaningOf(selection)
  const kinds = tenants ? (selection.kind ?? [...sources.kinds.keys()]) : []
  return [...(shared ? [sources.shared] : []), ...[kinds].flat().flatMap((kind) => sources.kinds.get(kind) ?? [])]
}

/** The schemas that an interrupted run has left undone; tenants that are no more are left out. */
export async function unfinishedTargets<A extends object>(
  parts: TargetParts<A>,
  unfinished: readonly { readonly tenantId: string | undefined }[],
): Promise<FleetTarget[]> {
  const ids = new Set(unfinished.map(({ tenantId }) => tenantId))
  const tenants = (await parts.tenants.list()).filter(({ id }) => ids.has(id))
  return [...(ids.has(undefined) ? [sharedTarget(parts)] : []), ...tenants.map((tenant) => tenantTarget(tenant, parts.sources))]
}

/**
 * The full name of the migration that `to` means. Names of two folders cannot be compared, so there may be only one.
 * @throws TenancyError INVALID_OPTION
 */
export function lastWanted(lists: Lists, to: string): string {
  const [only, second] = [...lists]
  if (only === undefined) return to
  if (second === undefined) return findMigration(only[1], to, only[0].name).name
  throw new TenancyError(
    'INVALID_OPTION',
    `"to" names a migration of one folder, but this run is about ${lists.size}: ${[...lists.keys()].map(({ name }) => name).join(', ')}. ` +
      'Choose the shared schema alone, or tenants of one kind.',
    { details: { option: 'to' } },
  )
}

function meaningOf({ shared, tenants, tenant, kind }: MigrationSelection): { shared: boolean; tenants: boolean } {
  const isChosen = shared === true || tenants === true || tenant !== undefined
  return { shared: shared ?? (!isChosen && kind === undefined), tenants: tenants ?? !isChosen }
}

async function selectTenants<A extends object>(
  { tenants, sources }: TargetParts<A>,
  { tenant, kind }: MigrationSelection,
  all: boolean,
): Promise<Tenant<A>[]> {
  const kinds = kind === undefined ? undefined : new Set([kind].flat())
  for (const name of kinds ?? []) sourceOfKind(sources, name)
  const named: Tenant<A>[] = []
  for (const ref of toList(tenant)) named.push(await tenants.get(ref))
  const rest = all ? await tenants.list({ status: ['active', 'suspended', 'maintenance'] }) : []
  return [...named, ...rest].filter((found) => kinds === undefined || kinds.has(found.kind))
}

function sharedTarget<A extends object>({ options, sources }: TargetParts<A>): FleetTarget {
  return { target: 'shared', schema: options.sharedSchema, source: sources.shared }
}

function toList(refs: MigrationSelection['tenant']): readonly TenantRef[] {
  if (refs === undefined) return []
  return Array.isArray(refs) ? refs : [refs as TenantRef]
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
