/** BullMQ keeps the contract of queues. */
import { describe } from 'vitest'
import type { Worker } from 'bullmq'
import { hasRedis, withoutRedis } from '../../support/servers/redis.ts'
import { describeJobs } from '../job-contract.ts'
import { startParts } from './parts.ts'

describe.skipIf(!hasRedis())(`BullMQ (${withoutRedis} if skipped)`, async () => {
  if (!hasRedis()) return
  const parts = await startParts()
  const { plain, mine } = parts.queues()
  let worker: Worker | undefined
  describeJobs(parts.tenancy, {
    add: (name, data, key) => mine.add(name, data, { attempts: 3, backoff: 60_000, ...(key !== undefined && { jobId: key }) }),
    addRaw: (name, payload) => plain.add(name, payload),
    waiting: async (name) =>
      (await plain.getJobs(['wait', 'prioritized'])).filter((job) => job.name === name).map((job) => job.data),
    async start(tasks) {
      worker = parts.work(plain, async (job) => tasks[job.name as keyof typeof tasks](job.data), { laterMs: 60_000 })
    },
    async stop() {
      await worker?.close()
    },
    // Without the random ids: the contract sorts the messages.
    dead: async () => (await plain.getFailed(0, 100)).map((job) => job.failedReason.replace(/:[\w.-]+:/, ':')),
    hurry: () => plain.promoteJobs(),
    clear: () => plain.obliterate({ force: true }),
  })
})
