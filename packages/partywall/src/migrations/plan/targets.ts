/** The schemas that a run is for, and the source of migrations of each. */
import type { Tenants } from '../../catalog/tenants/tenants.ts'
import type { Options } from '../../config/options.ts'
import { assertMayMove, statusOfMigrated } from '../../catalog/tenants/moves.ts'
import { checkedSelection } from '../../catalog/tenants/selection.ts'
import type { Attributes, Tenant, TenantSelection } from '../../types.ts'
import type { MigrationSource } from '../../ports/migration-source.ts'
import { sourceOfKind, type MigrationSources } from '../sources/sources.ts'

/**
 * The schemas that a migration run is for. Without any of these: the shared schema, and all tenants that are not archived.
 * @example await tenancy.migrations.run({ tenants: ['acme', 'globex'] })
 */
export interface MigrationSelection extends Omit<TenantSelection, 'status'> {
  /** Whether the shared schema is migrated. `true` and nothing else: no tenant is. @default true when nothing else is selected */
  readonly shared?: boolean | undefined
  /**
   * Only tenants of this status, or of one of these. Suspended tenants are migrated by default: otherwise they would run the new code on
   * their old tables when they are activated.
   * @default every status but 'archived'
   */
  readonly status?: TenantSelection['status']
}

/** Creating a tenant holds this lock in shared mode; a run takes it for a moment before it looks for tenants that were created during it. */
export const provisioningLock = 'partywall: create a tenant'

export interface FleetTarget {
  /** The name in reports: the schema of a tenant, or 'shared'. */
  readonly target: string
  readonly schema: string
  /** Absent for the shared schema. */
  readonly tenant?: Tenant<any>
  /** It is no tenant: `tenant` only stands for it, and is in no table of tenants. */
  readonly standIn?: StandIn
  /** Absent when the source is not known; `problem` says why. */
  readonly source?: MigrationSource
  readonly problem?: unknown
}

/** What is migrated with the tenants, because new ones are made of it. */
export type StandIn = 'template' | 'ready schema'

/** Given by the front: they are made and examined in rooms above this one. */
export interface StandInTargets {
  /** Whether the status of the fleet has a line for each of them. */
  readonly areListed: boolean
  /** Makes templates that kinds lack, and drops ready schemas that cannot be used, before a run for all tenants. */
  prepare(kinds: readonly string[] | undefined): Promise<void>
  /** Those that a run for all tenants of these kinds is for, too. */
  targets(kinds: readonly string[] | undefined): Promise<readonly FleetTarget[]>
  /** Looks at those that such a run has changed. @param failed schemas that it could not migrate */
  examine(failed: ReadonlySet<string>): Promise<void>
}

export interface TargetParts<A extends object = Attributes> {
  readonly tenants: Pick<Tenants<A>, 'select'>
  readonly sources: MigrationSources
  readonly standIns?: readonly StandInTargets[] | undefined
  readonly options: Pick<Options, 'sharedSchema' | 'includeShared' | 'extraSearchPath' | 'migrations'>
}

/**
 * The schemas of a selection, the shared one first, templates and ready schemas last. Costs one query for all tenants, or one for each that is named; and three for the others.
 */
export async function selectTargets<A extends object>(
  parts: TargetParts<A>,
  selection: MigrationSelection,
  withStandIns = false,
): Promise<FleetTarget[]> {
  const { shared, tenants } = partsOf(selection)
  const selected = tenants ? await selectTenants(parts, selection) : []
  const standIns = withStandIns ? await standInsOf(parts, selection) : []
  return [...(shared ? [sharedTarget(parts)] : []), ...selected.map((tenant) => tenantTarget(tenant, parts.sources)), ...standIns]
}

/** The sources of a selection, as far as they are known before the tenants are read. It may turn out that no tenant uses one of them. */
export function likelySources({ sources }: Pick<TargetParts, 'sources'>, selection: MigrationSelection): MigrationSource[] {
  const { shared, tenants } = partsOf(selection)
  const isForAll = tenants && (selection.tenants === undefined || selection.tenants === true)
  const kinds = isForAll ? (selection.kinds ?? [...sources.kinds.keys()]) : []
  return [...(shared ? [sources.shared] : []), ...[kinds].flat().flatMap((kind) => sources.kinds.get(kind) ?? [])]
}

/** The schemas that an interrupted run has not finished, without tenants that do not exist any more. */
export async function unfinishedTargets<A extends object>(
  parts: TargetParts<A>,
  unfinished: readonly { readonly tenantId: string | undefined }[],
): Promise<FleetTarget[]> {
  const ids = new Set(unfinished.map(({ tenantId }) => tenantId))
  const tenants = (await parts.tenants.select(everyTenant)).filter(({ id, status }) => ids.has(id) && status !== 'deleting')
  const standIns = await allStandIns(parts, undefined)
  return [
    ...(ids.has(undefined) ? [sharedTarget(parts)] : []),
    ...tenants.map((tenant) => tenantTarget(tenant, parts.sources)),
    ...standIns.filter(({ tenant }) => ids.has(tenant!.id)),
  ]
}

/** Whether it is for all tenants, of all kinds or some. */
export function isForAllTenants({ tenants, kinds, status, shared }: MigrationSelection): boolean {
  if (tenants !== undefined) return tenants === true
  return shared !== true || kinds !== undefined || status !== undefined
}

/** The kinds of a selection; undefined: all of them. */
export function kindsOf({ kinds }: MigrationSelection): readonly string[] | undefined {
  return kinds === undefined ? undefined : [kinds].flat()
}

/** Those of a selection that is for all tenants, and those alone. */
async function standInsOf(parts: Pick<TargetParts, 'standIns'>, selection: MigrationSelection): Promise<readonly FleetTarget[]> {
  return isForAllTenants(selection) ? allStandIns(parts, kindsOf(selection)) : []
}

async function allStandIns(
  { standIns = [] }: Pick<TargetParts, 'standIns'>,
  kinds: readonly string[] | undefined,
): Promise<readonly FleetTarget[]> {
  const found: FleetTarget[] = []
  for (const those of standIns) found.push(...(await those.targets(kinds)))
  return found
}

function partsOf({ shared, ...selection }: MigrationSelection): { shared: boolean; tenants: boolean } {
  const isForTenants = selectionKeys.some((key) => selection[key] !== undefined)
  return { shared: shared ?? !isForTenants, tenants: isForTenants || shared !== true }
}

const selectionKeys = ['tenants', 'kinds', 'status'] as const satisfies readonly (keyof TenantSelection)[]

const everyTenant = { named: undefined, kinds: undefined, status: undefined } as const

async function selectTenants<A extends object>(
  { tenants, sources }: TargetParts<A>,
  selection: MigrationSelection,
): Promise<Tenant<A>[]> {
  const checked = checkedSelection('migrations', selection, statusOfMigrated)
  for (const kind of checked.kinds ?? []) sourceOfKind(sources, kind)
  return tenants.select(checked)
}

function sharedTarget<A extends object>({ options, sources }: TargetParts<A>): FleetTarget {
  return { target: 'shared', schema: options.sharedSchema, source: sources.shared }
}

/** A kind that the configuration does not have any more is a problem of its tenants alone, and so is a status. */
function tenantTarget(tenant: Tenant<any>, sources: MigrationSources): FleetTarget {
  const base = { target: tenant.schema, schema: tenant.schema, tenant }
  try {
    assertMayMove(tenant, 'migrate')
    return { ...base, source: sourceOfKind(sources, tenant.kind) }
  } catch (problem) {
    return { ...base, problem }
  }
}
