/** A Redis, a database with tenants that have notes, and queues of BullMQ on both, for the tests of a file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FlowProducer, Queue, Worker, type Processor, type WorkerOptions } from 'bullmq'
import { createTenancy, type Tenancy } from '../../../src/index.ts'
import { tenantQueue, tenantWorker, type TenantQueue, type TenantQueueOptions } from '../../../src/queue/bullmq/bullmq.ts'
import { atFileEnd } from '../../support/run/file-end.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { startRedis, type Redis } from '../../support/servers/redis.ts'

export const secret = 'the secret of the jobs in these tests'

export interface Parts {
  readonly redis: Redis
  readonly url: string
  readonly tenancy: Tenancy
  readonly connection: { readonly host: string; readonly port: number }
  /** A queue with a name of its own, and the same one without the adapter. */
  queues(
    options?: Partial<TenantQueueOptions>,
    client?: object,
  ): { plain: Queue<any, any, string>; mine: TenantQueue<any, any, string> }
  flows(): FlowProducer
  /** Ends with the file, or when it is closed. */
  work(queue: { readonly name: string }, processor: Processor<any, any, string>, options?: Work): Worker<any, any, string>
  plainWorker(
    queue: { readonly name: string },
    processor: Processor<any, any, string>,
    options?: Partial<WorkerOptions>,
  ): Worker<any, any, string>
  rowsOf(schema: string): Promise<string[]>
}

interface Work extends Partial<WorkerOptions> {
  readonly fair?: boolean
  readonly laterMs?: number
  readonly tenancy?: Tenancy
  /** Called before the worker begins. */
  readonly prepare?: (worker: Worker<any, any, string>) => void
}

export async function startParts(...schemas: string[]): Promise<Parts> {
  const [redis, { url }, migrations] = await Promise.all([startRedis(), testDatabase(), notesMigrations()])
  const tenancy = createTenancy({ database: url, migrations: { shared: false, tenant: migrations } })
  for (const schema of schemas) await tenancy.tenants.create({ schema })
  const connection = { host: '127.0.0.1', port: redis.port }
  const opened: { close(force?: boolean): Promise<unknown> }[] = []
  atFileEnd(async () => {
    await Promise.all(opened.map((one) => one.close(true)))
    await tenancy.close()
  })
  const kept = <T extends { close(force?: boolean): Promise<unknown>; on(event: 'error', listener: () => void): unknown }>(
    one: T,
  ): T => {
    // While Redis is down, each connection says so.
    one.on('error', () => {})
    opened.unshift(one)
    return one
  }
  const workerOptions = { connection, drainDelay: 1, runRetryDelay: 50, stalledInterval: 200 }
  let count = 0
  return {
    redis,
    url,
    tenancy,
    connection,
    queues(options = {}, client = connection) {
      const plain = kept(new Queue<any, any, string>(`queue${++count}`, { connection: client as typeof connection }))
      return { plain, mine: tenantQueue(tenancy, plain, { secret, ...options }) }
    },
    flows: () => kept(new FlowProducer({ connection })),
    work({ name }, processor, { fair, laterMs = 50, prepare, tenancy: given = tenancy, ...options } = {}) {
      const worker = kept(new Worker<any, any, string>(name, processor, { ...workerOptions, autorun: false, ...options }))
      tenantWorker(given, worker, { secret, laterMs, ...(fair !== undefined && { fair }) })
      prepare?.(worker)
      void worker.run()
      return worker
    },
    plainWorker: ({ name }, processor, options) => kept(new Worker(name, processor, { ...workerOptions, ...options })),
    rowsOf: (schema) =>
      tenancy.run(schema, async () => {
        const { rows } = await tenancy.pool.query<{ text: string }>('select text from notes order by text')
        return rows.map(({ text }) => text)
      }),
  }
}

export async function notesMigrations(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'partywall-notes-'))
  await writeFile(join(folder, '0001_notes.sql'), 'create table notes (text text not null, job text unique);')
  atFileEnd(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export async function until(condition: () => Promise<unknown> | unknown, what = 'It did not come about.'): Promise<void> {
  for (let attempt = 0; attempt < 6000; attempt++) {
    if ((await condition()) === true) return
    await sleep(10)
  }
  throw new Error(what)
}
