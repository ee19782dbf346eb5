/** What the page of jobs asks the server. */
import type { JobAnswer, JobsAnswer, QueuesAnswer } from '../../src/jobs/api.ts'
import { getJson, sendJson } from '../api/fetch.ts'

export const readQueues = () => getJson<QueuesAnswer>('api/jobs')

export function readJobs(tenant: string, queue: string, state: string) {
  const query = new URLSearchParams({ ...(queue !== '' && { queue }), ...(state !== '' && { state }) })
  return getJson<JobsAnswer>(`api/jobs/of/${encodeURIComponent(tenant)}?${query}`)
}

export const changeJob = (tenant: string, what: 'retry' | 'remove', { queue, id }: JobAnswer) =>
  sendJson<unknown>('POST', `api/jobs/of/${encodeURIComponent(tenant)}/${what}`, { queue, id })
