/**
 * How long the jobs of other tenants wait beside a backlog of 100,000 of one tenant, with BullMQ: with turns, and in the order in which jobs came. And what a
 * job costs to add and to do, with the adapter and without it. Needs redis-server.
 */
import { Queue, Worker, type Job } from 'bullmq'
import { createTenancy, type Tenancy } from 'partywall'
import { tenantQueue, tenantWorker } from 'partywall/bullmq'
import { benchRedis, type BenchRedis } from '../jobs/redis.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { median, rounded } from '../measuring/statistics.ts'

const backlog = 100_000
const others = 20
const secret = 'the secret of the jobs of this scenario'
const schemaOf = (index: number): string => `turns_${index}`

export async function jobTurns(url: string): Promise<Outcome> {
  const tenancy = createTenancy({ database: url, migrations: { shared: false, tenant: false } })
  const redis = await benchRedis()
  try {
    for (let index = 0; index <= others; index++) {
      const schema = schemaOf(index)
      if ((await tenancy.tenants.find({ schema })) === undefined) await tenancy.tenants.create({ schema })
    }
    const turns = await waited(tenancy, redis, true)
    const inOrder = await waited(tenancy, redis, false)
    const plain = await costOf(tenancy, redis, false)
    const stamped = await costOf(tenancy, redis, true)
    return {
      tenants: others + 1,
      rounds: 1,
      ratios: {},
      spread: {},
      figures: {
        backlog,
        othersWaitedMs: { turns: turns.waitedMs, inOrder: inOrder.waitedMs },
        jobsBefore: { turns: turns.before, inOrder: inOrder.before },
        microsForEachJob: { stamped, plain },
      },
    }
  } finally {
    await redis.stop()
    await tenancy.close()
  }
}

/** A worker is busy with the backlog when each other tenant adds a job. */
async function waited(tenancy: Tenancy, { connection }: BenchRedis, fair: boolean) {
  const queue = new Queue<{ of: number }>(`turns-${String(fair)}`, { connection, defaultJobOptions: { removeOnComplete: true } })
  const mine = tenantQueue(tenancy, queue, { secret, fair })
  await inBulk(tenancy, (jobs) => mine.addBulk(jobs))
  const addedAt = new Map<number, { at: number; done: number }>()
  const waitedMs: number[] = []
  const before: number[] = []
  let done = 0
  const [begun, finished] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const worker = tenantWorker(
    tenancy,
    new Worker<{ of: number }>(
      queue.name,
      async ({ data: { of } }: Job<{ of: number }>) => {
        if (++done === 1000) begun.resolve()
        if (of === 0) return
        const added = addedAt.get(of)!
        waitedMs.push(performance.now() - added.at)
        before.push(done - added.done - 1)
        if (waitedMs.length === others) finished.resolve()
      },
      { connection, concurrency: 10 },
    ),
    { secret, fair },
  )
  await begun.promise
  for (let index = 1; index <= others; index++) {
    addedAt.set(index, { at: performance.now(), done })
    await tenancy.run(schemaOf(index), () => mine.add('work', { of: index }))
  }
  await finished.promise
  await worker.close(true)
  await queue.obliterate({ force: true })
  await queue.close()
  return {
    waitedMs: { median: rounded(median(waitedMs)), most: rounded(Math.max(...waitedMs)) },
    before: { median: median(before), most: Math.max(...before) },
  }
}

/** Microseconds to add one of 1,000 jobs in bulk, and to do it. */
async function costOf(tenancy: Tenancy, { connection }: BenchRedis, isStamped: boolean) {
  const queue = new Queue<{ of: number }>(`cost-${String(isStamped)}`, {
    connection,
    defaultJobOptions: { removeOnComplete: true },
  })
  const mine = tenantQueue(tenancy, queue, { secret })
  const count = 20_000
  const begun = performance.now()
  await inBulk(tenancy, (jobs) => (isStamped ? mine : queue).addBulk(jobs), count)
  const added = performance.now()
  let done = 0
  const finished = Promise.withResolvers<void>()
  const processor = async (): Promise<void> => {
    if (++done === count) finished.resolve()
  }
  const made = new Worker<{ of: number }>(queue.name, processor, { connection, concurrency: 10 })
  const worker = isStamped ? tenantWorker(tenancy, made, { secret }) : made
  await finished.promise
  const ended = performance.now()
  await worker.close()
  await queue.close()
  return { add: rounded(((added - begun) / count) * 1000), work: rounded(((ended - added) / count) * 1000) }
}

async function inBulk(
  tenancy: Tenancy,
  add: (jobs: { name: string; data: { of: number } }[]) => Promise<unknown>,
  count = backlog,
): Promise<void> {
  const jobs = Array.from({ length: 1000 }, () => ({ name: 'work', data: { of: 0 } }))
  await tenancy.run(schemaOf(0), async () => {
    for (let added = 0; added < count; added += jobs.length) await add(jobs)
  })
}
