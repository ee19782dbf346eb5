/** What the pages of the log ask the server. */
import type { ActionChoice, LogAnswer, TenantOfLog } from '../../src/log/api.ts'
import { getJson } from '../api/fetch.ts'

export interface LogFilter {
  readonly tenant?: string | undefined
  readonly tenantId?: string | undefined
  readonly actor?: string | undefined
  readonly action?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly cursor?: string | undefined
  readonly limit?: string | undefined
}

export function readLog(filter: LogFilter) {
  const given = Object.entries(filter).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '')
  return getJson<LogAnswer>(`api/log?${new URLSearchParams(given)}`)
}

export const readActions = () => getJson<{ actions: readonly ActionChoice[] }>('api/log/actions')
export const readFormerTenant = (id: string) => getJson<TenantOfLog>(`api/log/tenants/${encodeURIComponent(id)}`)
