/** Whether the settings of tenants can be read: by the schema of a version that is about to be deployed, and with the keys of the configuration. */
import { checkedSelection, tenantStatuses } from '../catalog/tenants/selection.ts'
import type { Tenants } from '../catalog/tenants/tenants.ts'
import { forEachTenant, type ForEachEntry, type ForEachOptions } from '../fleet/for-each.ts'
import type { FleetReport } from '../types.ts'
import type { TenantSettings } from './tenant-settings.ts'

export interface CheckParts<A extends object> {
  readonly tenants: Tenants<A>
  readonly settings: TenantSettings<A>
}

/** One that is being deleted is not read again; an archived one may be restored. */
const statuses = tenantStatuses.filter((status) => status !== 'deleting')

/** tenancy.settings.check */
export function checkSettings<A extends object>(
  { tenants, settings }: CheckParts<A>,
  options: Omit<ForEachOptions, 'repair' | 'resume'> = {},
): Promise<FleetReport<ForEachEntry<void>>> {
  return forEachTenant<A, void>(
    { select: (selection) => tenants.select(checkedSelection('settings.check', selection, statuses)) },
    async (tenant) => void (await settings.read(tenant)),
    options,
  )
}
