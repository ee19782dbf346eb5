/** `tenancy.shared`: what it promises to its users. The work is loaded when it is first needed. */
import type { SharedDelete, SharedDeleted } from './lifecycle/shared/delete-row.ts'
import type { SharedReference } from './lifecycle/shared/references.ts'
import type { SharedRow } from './lifecycle/shared/shared-row.ts'
import type { Rooms } from './tenancy-rooms.ts'

/** `tenancy.shared`: rows of shared tables that tenants refer to. */
export interface SharedApi {
  /**
   * Where tenants refer to a row of a shared table, and how often: by foreign keys, which are found, and by the columns that the call names. Costs four statements, and one for
   * 100 tables of tenants; each table is read by its index on the column, or as a whole where it has none.
   * @example const { total, places } = await tenancy.shared.references({ table: 'plans', key: 5 })
   * @throws TenancyError INVALID_ARGUMENT, NOT_PERMITTED
   */
  references(row: SharedRow): Promise<SharedReferences>
  /**
   * Deletes a row of a shared table, and what refers to it as `policy` says. With `restrict` it is one transaction. With the others rows of tenants are changed in
   * batches, and the shared row goes last; a call after an interruption goes on. A reference that another transaction adds meanwhile is seen, or refused by the lock of the row.
   * @example await tenancy.shared.delete({ table: 'plans', key: 5, policy: 'restrict' })
   * @throws TenancyError SHARED_ROW_REFERENCED with the counts, INVALID_ARGUMENT, TENANT_LOCKED, NOT_PERMITTED
   */
  delete(row: SharedDelete): Promise<SharedDeleted>
}

export interface SharedReferences {
  /** False: there is no such row, and nothing was counted. */
  readonly found: boolean
  /** The rows of all places. */
  readonly total: number
  /** The tables with rows that refer to it. */
  readonly places: readonly SharedReference[]
}

export function sharedApi({ catalog, options }: Pick<Rooms<any>, 'catalog' | 'options'>): SharedApi {
  const parts = { deploy: catalog.deploy, sharedSchema: options.sharedSchema }
  return Object.freeze({
    async references(row) {
      const { findReferences } = await import(/* webpackMode: "eager" */ './lifecycle/shared/find-references.ts')
      return findReferences(parts, row)
    },
    async delete(row) {
      const { deleteSharedRow } = await import(/* webpackMode: "eager" */ './lifecycle/shared/delete-row.ts')
      return deleteSharedRow(parts, row)
    },
  } satisfies SharedApi)
}
