/** What TypeScript infers for jobs and schedules. Checked by `npm run types`; nothing here runs. */
import type { PgBoss } from 'pg-boss'
import { expectTypeOf } from 'vitest'
import { tenantGraphileWorker } from '../../src/queue/graphile-worker/graphile-worker.ts'
import { tenantPgBoss } from '../../src/queue/pg-boss/pg-boss.ts'
import type { Tenancy } from '../../src/tenancy.ts'

interface Place {
  timeZone: string
}
declare const tenancy: Tenancy<Place>
declare const boss: PgBoss

const jobs = tenantPgBoss(tenancy, boss, { secret: 'x' })
await jobs.work<{ to: string }>('mail', ({ data, id }) => {
  expectTypeOf(data).toEqualTypeOf<{ to: string }>()
  expectTypeOf(id).toEqualTypeOf<string>()
})
await jobs.schedule('digest', { cron: '0 8 * * *', timeZone: (tenant) => tenant.attributes.timeZone })
// @ts-expect-error the attributes of these tenants have no such name
await jobs.schedule('digest', { cron: '0 8 * * *', timeZone: (tenant) => tenant.attributes.zone })
// @ts-expect-error a schedule needs its expression
await jobs.schedule('digest', { timeZone: 'UTC' })
// @ts-expect-error the group of a job is its tenant
await jobs.send('mail', {}, { group: { id: 'acme' } })
// @ts-expect-error one transaction would hold the jobs of several tenants
await jobs.work('mail', { transactional: true }, () => undefined)
// @ts-expect-error jobs need a secret
tenantPgBoss(tenancy, boss)

const worker = tenantGraphileWorker(tenancy, { secret: 'x' })
worker.schedule('digest', { cron: '0 8 * * *', timeZone: (tenant) => tenant.attributes.timeZone })
worker.worker({ mail: ({ to }: { to: string }, helpers) => helpers.logger.info(to) })
// @ts-expect-error there is no such option
worker.worker({}, { perTenant: 2 })
