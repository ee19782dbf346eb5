import type { CrmTenancy } from '../tenancy.ts'

/** The day that it is in the time zone of the current tenant: `2026-05-31`. */
export async function today(tenancy: Pick<CrmTenancy, 'settings'>): Promise<string> {
  const { timeZone } = await tenancy.settings()
  return new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(new Date())
}
