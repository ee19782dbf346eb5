/** What TypeScript infers for the adapter of BullMQ. Checked by `npm run types`; nothing here runs. */
import { FlowProducer, Queue, Worker, type Job } from 'bullmq'
import { expectTypeOf } from 'vitest'
import { tenantFlows, tenantQueue, tenantWorker, type TenantQueue } from '../../src/queue/bullmq/bullmq.ts'
import type { Tenancy } from '../../src/tenancy.ts'

interface Plan {
  plan: 'free' | 'paid'
}
interface Mail {
  to: string
}

declare const tenancy: Tenancy<Plan>
const options = { connection: {} }
const secret = 'secret'

const mails = tenantQueue(tenancy, new Queue<Mail, number, 'welcome' | 'digest'>('mails', options), { secret })
expectTypeOf(mails).toEqualTypeOf<TenantQueue<Mail, number, 'welcome' | 'digest'>>()
expectTypeOf(mails.add('welcome', { to: 'a' })).resolves.toEqualTypeOf<Job<Mail, number, 'welcome' | 'digest'>>()
void mails.addBulk([{ name: 'digest', data: { to: 'a' }, opts: { attempts: 2 } }])
void mails.schedule('digest', { cron: '* * * * *', timeZone: (tenant) => tenant.schema })
void tenantQueue(tenancy, new Queue('any', options), { secret, fair: false }).add('any', { of: 1 })
const worker = tenantWorker(tenancy, new Worker<Mail, number>('mails', async ({ data }) => data.to.length, options), { secret })
expectTypeOf(worker).toEqualTypeOf<Worker<Mail, number>>()
void tenantFlows(tenancy, new FlowProducer(options), { secret }).add({ name: 'a', queueName: 'b' })

// @ts-expect-error the data are a mail
void mails.add('welcome', { from: 'a' })
// @ts-expect-error there is no such name
void mails.add('goodbye', { to: 'a' })
// @ts-expect-error there is no such state
void mails.jobsOf('acme', { states: ['dead'] })
// @ts-expect-error a secret is text
tenantQueue(tenancy, new Queue('mails', options), { secret: 7 })
// @ts-expect-error a worker is no queue
tenantQueue(tenancy, worker, { secret })
// @ts-expect-error a queue is no worker
tenantWorker(tenancy, new Queue('mails', options), { secret })
// @ts-expect-error a tenancy can run
tenantFlows({}, new FlowProducer(options), { secret })
