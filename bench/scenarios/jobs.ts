/**
 * What a stamp and the way into the scope of a job cost, without the queue itself: in microseconds, for data of three sizes. The tenants come from the cache, as they do
 * where a process works on many jobs.
 */
import type { JobHelpers } from 'graphile-worker'
import { tenantGraphileWorker } from 'partywall/graphile-worker'
import { stampedJob } from '../../packages/partywall/src/queue/bullmq/stamped-job.ts'
import { createJobs } from '../../packages/partywall/src/queue/shared/jobs.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { inOwnDatabase } from '../measuring/own-database.ts'
import { median, rounded } from '../measuring/statistics.ts'

const tenants = 100
const rounds = 7
const perRound = 10_000

const data: Record<string, object> = {
  small: { pollId: 7, to: 'ada@example.com' },
  '1 kB': { pollId: 7, text: 'x'.repeat(1000) },
  '100 keys': Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`key ${n}`, n])),
}

export async function jobs(url: string): Promise<Outcome> {
  return inOwnDatabase(url, 'jobs', async (tenancy) => {
    const fleet = []
    for (let n = 0; n < tenants; n++) fleet.push(await tenancy.tenants.create({ schema: `t${n}` }))
    const secrets = { secret: 'a secret of at least 32 characters, for a benchmark' }
    const queue = tenantGraphileWorker(tenancy, secrets)
    const ofBullMQ = createJobs('the benchmark', tenancy, secrets)
    const { taskList } = queue.worker({ note: () => undefined })
    const helpers = { job: { flags: null } } as unknown as JobHelpers
    const micros: Record<string, { stamp: number; enter: number; run: number; stampForBullMQ: number }> = {}
    for (const [size, payload] of Object.entries(data)) {
      const [stamp, enter, run]: [number[], number[], number[]] = [[], [], []]
      const stampForBullMQ: number[] = []
      for (let round = 0; round < rounds; round++) {
        const tenant = fleet[round % tenants]!
        const stamped = await tenancy.run(tenant, () => queue.jobSpec('note', payload).payload)
        const stored: unknown = JSON.parse(JSON.stringify(stamped))
        run.push(await each(() => tenancy.run({ id: tenant.id }, () => undefined)))
        stamp.push(
          await tenancy.run(tenant, () =>
            each(() => {
              queue.jobSpec('note', payload)
            }),
          ),
        )
        // With an id that begins with the tenant's, and a copy of the data.
        stampForBullMQ.push(
          await each(() => {
            stampedJob(ofBullMQ, { kind: 'tenant', tenant }, 'note', { name: 'note', data: payload })
          }),
        )
        enter.push(await each(() => taskList['note']!(stored, helpers) as Promise<unknown>))
      }
      micros[size] = {
        stamp: rounded(median(stamp)),
        enter: rounded(median(enter)),
        run: rounded(median(run)),
        stampForBullMQ: rounded(median(stampForBullMQ)),
      }
    }
    return { tenants, rounds, ratios: {}, spread: {}, figures: { micros } }
  })
}

/** Microseconds for one call. */
async function each(work: () => unknown): Promise<number> {
  const started = performance.now()
  for (let n = 0; n < perRound; n++) {
    const result = work()
    if (result !== undefined) await result
  }
  return ((performance.now() - started) / perRound) * 1000
}
