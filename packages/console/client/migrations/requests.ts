/** What the pages of migrations ask the server. */
import type {
  DriftAnswer,
  FixAnswer,
  OverviewAnswer,
  PlanAnswer,
  RunAnswer,
  RunDetail,
  RunEntry,
  StartedRun,
  StartRun,
} from '../../src/migrations/api.ts'
import { getJson, sendJson } from '../api/fetch.ts'

const base = 'api/migrations'

export const readOverview = () => getJson<OverviewAnswer>(base)
export const readPlan = () => getJson<PlanAnswer>(`${base}/plan`)
export const readRuns = () => getJson<{ runs: readonly RunAnswer[] }>(`${base}/runs`)
export const readRun = (id: string) => getJson<RunDetail>(`${base}/runs/${encodeURIComponent(id)}`)
export const eventsOf = (id: string) => `${base}/runs/${encodeURIComponent(id)}/events`
export const startRun = (body: StartRun) => sendJson<StartedRun>('POST', `${base}/runs`, body)
export const stopRun = (id: string) => sendJson<unknown>('POST', `${base}/runs/${encodeURIComponent(id)}/stop`)

export function readEntries(id: string, state: string, after: string | undefined) {
  const query = new URLSearchParams({ ...(state !== '' && { state }), ...(after !== undefined && { after }) })
  return getJson<{ entries: readonly RunEntry[]; next?: string }>(`${base}/runs/${encodeURIComponent(id)}/entries?${query}`)
}

export const readDrift = () => getJson<DriftAnswer>(`${base}/drift`)
export const examineDrift = (body: { tenants?: readonly string[]; exclude?: readonly string[] }) =>
  sendJson<DriftAnswer>('POST', `${base}/drift`, body)
export const fixDrift = (tenant: string, plan: string) => sendJson<FixAnswer>('POST', `${base}/drift/fix`, { tenant, plan })
