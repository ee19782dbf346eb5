/** What work on many tenants needs of the rooms, and `tenancy.fleetWork`. The rooms that do it are loaded when such work begins. */
import { checkedSelection } from './catalog/tenants/selection.ts'
import type { FleetWorkStatus } from './catalog/work/work-store.ts'
import { ReadAcross, type Across, type AcrossOptions } from './fleet/across/across.ts'
import type { ForEachParts } from './fleet/for-each.ts'
import { assertWorkKey } from './fleet/resume.ts'
import { sourceOfKind } from './migrations/sources/sources.ts'
import type { Statement } from './sql/statement.ts'
import type { Rooms } from './tenancy-rooms.ts'
import type { TenantSelection } from './types.ts'

export type { Across, AcrossOptions }

/** `tenancy.fleetWork`: the records of work with the option `resume`. */
export interface FleetWorkApi {
  /**
   * Which work is recorded, and how far it has come. One query.
   * @example for (const { key, done, failed } of await tenancy.fleetWork.list()) console.log(key, done, failed)
   */
  list(): Promise<FleetWorkStatus[]>
  /**
   * Removes the record of a key, so that the next call with it does every tenant again. Resolves to the number of tenants that were recorded.
   * @example await tenancy.fleetWork.forget('recompute-2026')
   * @throws TenancyError INVALID_ARGUMENT; TENANT_LOCKED while a process works on it
   */
  forget(key: string): Promise<number>
}

export function fleetWorkApi({ catalog }: Pick<Rooms<any>, 'catalog'>): FleetWorkApi {
  return Object.freeze({
    async list() {
      const { listWork } = await loadStore()
      return listWork(catalog)
    },
    async forget(key) {
      assertWorkKey('fleetWork.forget', key)
      const { forgetWork } = await loadStore()
      return forgetWork(catalog, key)
    },
  } satisfies FleetWorkApi)
}

export function fleetParts<A extends object>(rooms: Pick<Rooms<A>, 'catalog' | 'tenants' | 'sources'>): ForEachParts<A> {
  const { catalog, tenants } = rooms
  return {
    select: async (selection) => tenants.select(checked(rooms, 'forEach', selection), true),
    async pages(selection) {
      const meant = checked(rooms, 'each', selection)
      return { tenants: tenants.pages(meant), count: () => tenants.count(meant) }
    },
    async record({ key, leaseMs }) {
      const { WorkStore } = await loadStore()
      return WorkStore.open(catalog, key, leaseMs)
    },
  }
}

export function acrossOf<R extends object, A extends object>(
  rooms: Rooms<A>,
  statement: Statement,
  options: AcrossOptions | undefined,
): Across<R, A> {
  const { database, entry, scope, tenants, options: config } = rooms
  return new ReadAcross<R, A>(
    {
      reads: database.reads,
      scope: () => scope.tryCurrent(),
      arriving: () => scope.arriving(),
      pages: (selection) => tenants.pages(checked(rooms, 'across', selection)),
      mayEnter: async (tenant, repair) => entry.assertMayEnter(tenant, { allowInactive: true, repair }),
      sharedSchemas: [config.sharedSchema, ...config.extraSearchPath],
    },
    statement,
    options,
  )
}

function checked({ sources }: Pick<Rooms<any>, 'sources'>, what: string, selection: TenantSelection) {
  const meant = checkedSelection(what, selection, ['active'])
  for (const kind of meant.kinds ?? []) sourceOfKind(sources, kind)
  return meant
}

const loadStore = () => import(/* webpackMode: "eager" */ './catalog/work/work-store.ts')
