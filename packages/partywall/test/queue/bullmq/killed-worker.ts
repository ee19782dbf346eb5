/** A worker in a process of its own: it begins a job, and never ends it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'bullmq'
import { createTenancy } from 'partywall'
import { tenantWorker } from 'partywall/bullmq'

const [url, port, queue, secret] = process.argv.slice(2)
const tenancy = createTenancy({ database: url, migrations: { shared: false, tenant: false } })
tenantWorker(
  tenancy,
  new Worker<{ text: string }>(
    queue!,
    async (job) => {
      await tenancy.pool.query('insert into notes (text) values ($1)', [`${job.data.text}, begun`])
      console.log('begun')
      await sleep(60_000)
    },
    { connection: { host: '127.0.0.1', port: Number(port) }, lockDuration: 500, stalledInterval: 200 },
  ),
  { secret: secret! },
)
