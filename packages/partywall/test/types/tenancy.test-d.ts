/** What TypeScript infers for the public API, and what must not compile. Checked by `npm run types`; nothing here runs. */
import type { Pool } from 'pg'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import {
  byHost,
  createTenancy,
  defineConfig,
  isTenancyError,
  sql,
  TenancyError,
  tenancyErrorOf,
  type FleetReport,
  type Member,
  type MigrationReport,
  type Tenancy,
  type Tenant,
} from 'partywall'

const config = defineConfig({
  database: process.env.DATABASE_URL,
  migrations: { shared: 'migrations/shared', tenant: 'migrations/tenant', outOfOrder: 'allow', shadowed: ['plans'] },
  tenant: { attributes: z.object({ plan: z.enum(['free', 'gold']).default('free'), seats: z.number() }) },
  resolve: [byHost({ base: 'example.com' }), ({ claims }) => claims?.['tenant'] as string | undefined],
})
const tenancy = createTenancy(config)

// The types of attributes are inferred from their schema: as given, and as stored.
const tenant = await tenancy.tenants.create({ schema: 'acme', attributes: { seats: 3 } })
expectTypeOf(tenant.attributes).toEqualTypeOf<Readonly<{ plan: 'free' | 'gold'; seats: number }>>()
expectTypeOf(tenancy.current().attributes.plan).toEqualTypeOf<'free' | 'gold'>()
expectTypeOf(tenancy.tryCurrent()).toEqualTypeOf<Tenant<{ plan: 'free' | 'gold'; seats: number }> | undefined>()
expectTypeOf(tenancy.pool).toExtend<Pool>()
// A connection for another tenant than that of the scope is not among the methods of the pool.
expectTypeOf<Exclude<keyof typeof tenancy.pool, keyof Pool>>().toBeNever()

// What the function returns is what the call returns.
expectTypeOf(await tenancy.run('acme', async () => 42)).toEqualTypeOf<number>()
expectTypeOf(await tenancy.runShared(() => 'x')).toEqualTypeOf<string>()
expectTypeOf(await tenancy.forEach(async () => 1)).toExtend<FleetReport>()
for await (const { value } of tenancy.each(async (_, { attempt }) => attempt, { resume: 'key' })) {
  expectTypeOf(value).toEqualTypeOf<number | undefined>()
}
for await (const { tenant: of, row } of tenancy.across<{ n: number }>(sql`select 1 as n`)) {
  expectTypeOf(row).toEqualTypeOf<{ n: number }>()
  expectTypeOf(of.attributes.plan).toEqualTypeOf<'free' | 'gold'>()
}
expectTypeOf((await tenancy.across(sql`select 1`).all()).rows[0]!.row).toEqualTypeOf<Record<string, unknown>>()
expectTypeOf(tenancy.bind((a: string, b: number) => a.length + b)).toEqualTypeOf<(a: string, b: number) => number>()

// Each event has its payload.
tenancy.on('migrations.started', ({ targets }) => expectTypeOf(targets).toEqualTypeOf<number>())
tenancy.on('migrations.schema.ended', ({ entry }) => expectTypeOf(entry.state).toEqualTypeOf<'done' | 'failed' | 'skipped'>())
tenancy.on('migrations.ended', ({ report }) => expectTypeOf(report).toEqualTypeOf<MigrationReport | undefined>())

expectTypeOf((await tenancy.shared.delete({ table: 'plans', key: 5, policy: 'restrict' })).rows).toEqualTypeOf<number>()
expectTypeOf((await tenancy.views.create('v', { table: 'projects' })).readers).toEqualTypeOf<readonly string[]>()

// Misuse does not compile.
// @ts-expect-error -- a policy is chosen, never assumed
void tenancy.shared.delete({ table: 'plans', key: 5 })
// @ts-expect-error -- null names no row
void tenancy.shared.references({ table: 'plans', key: null })
// @ts-expect-error -- a view has a table
void tenancy.views.create('v', {})
// @ts-expect-error -- a text has no separate values
void tenancy.across('select 1')
// @ts-expect-error -- rows are objects
void tenancy.across<number>(sql`select 1`)
// @ts-expect-error -- a key is text
void tenancy.forEach(() => 1, { resume: 7 })
// @ts-expect-error -- such tenants are left out with 'skip'
void tenancy.across(sql`select 1`, { onFailure: 'continue' })
// @ts-expect-error -- seats is missing
void tenancy.tenants.create({ schema: 'acme', attributes: { plan: 'gold' } })
// @ts-expect-error -- no such plan
void tenancy.tenants.create({ schema: 'acme', attributes: { plan: 'silver', seats: 1 } })
// @ts-expect-error -- a tenant needs a schema
void tenancy.tenants.create({ name: 'Acme' })
// @ts-expect-error -- a typo in an option
void createTenancy({ databse: 'x' })
// @ts-expect-error true is no source: only false says something
void createTenancy({ migrations: { tenant: true } })
// @ts-expect-error there is no such policy
void createTenancy({ migrations: { outOfOrder: 'ignore' } })
// @ts-expect-error -- a number names no tenant
void tenancy.run(42, () => {})
// @ts-expect-error -- tenants are frozen
tenant.schema = 'other'
// @ts-expect-error -- there is no set
tenancy.setCurrent(tenant)
// @ts-expect-error -- no such event
tenancy.on('tenant.creatd', () => {})
// @ts-expect-error -- the event of one schema has no report
tenancy.on('migrations.schema.ended', ({ report }) => report)

// The details of an error are those of its code.
declare const error: unknown
expectTypeOf(tenancyErrorOf(error, 'DOMAIN_EXISTS')?.details.domains).toEqualTypeOf<readonly string[] | undefined>()
// What is true for an error around a TenancyError, too: it narrows nothing, in neither branch.
if (isTenancyError(error, 'DOMAIN_EXISTS')) expectTypeOf(error).toEqualTypeOf<unknown>()
declare const thrown: Error
if (!isTenancyError(thrown)) expectTypeOf(thrown).toEqualTypeOf<Error>()
// @ts-expect-error -- there is no such code
void isTenancyError(error, 'NO_SUCH_CODE')
const refusal = tenancyErrorOf(error)
if (refusal !== undefined) {
  switch (refusal.code) {
    case 'POOL_EXHAUSTED':
      expectTypeOf(refusal.details.max).toEqualTypeOf<number>()
      break
    case 'FLEET_FAILED':
      expectTypeOf(refusal.details.report).toEqualTypeOf<FleetReport>()
      break
    // @ts-expect-error -- there is no such code
    case 'NO_SUCH_CODE':
      break
    default:
      break
  }
}
// @ts-expect-error -- these details need the domains
void new TenancyError('DOMAIN_EXISTS', 'It exists.', { details: {} })
// @ts-expect-error -- the details cannot be left out
void new TenancyError('DOMAIN_EXISTS', 'It exists.')

// A selection takes only references, kinds and statuses that can exist.
void tenancy.forEach(() => {}, {
  tenants: ['acme', { domain: 'a.example.com' }],
  kinds: 'big',
  status: ['active'],
  onFailure: 'stop',
})
void tenancy.migrations.run({ tenants: true, shared: true, status: 'suspended', deadlineMs: 1000 })
void createTenancy({ migrations: { shared: false, tenant: { default: false, big: 'migrations/big' } } })
expectTypeOf((await tenancy.migrations.status())[0]!.ahead).toEqualTypeOf<readonly string[]>()
expectTypeOf(tenancy.options.migrations.outOfOrder).toEqualTypeOf<'refuse' | 'allow'>()
void tenancy.dump({ tenants: ['acme'], shared: true, output: process.stdout, format: 'jsonl', naturalKeys: { users: 'email' } })
expectTypeOf((await tenancy.load('acme.json', { onConflict: 'skip' })).entries[0]!.tables[0]!.rows).toEqualTypeOf<number>()
// @ts-expect-error -- a dump has a place to be written to
void tenancy.dump({ tenants: true })
// @ts-expect-error -- no such answer to a conflict
void tenancy.load('acme.json', { onConflict: 'ignore' })
// @ts-expect-error -- no such status
void tenancy.forEach(() => {}, { status: 'asleep' })
// @ts-expect-error -- all tenants are `true`, none is an empty list
void tenancy.forEach(() => {}, { tenants: false })

// The tenants of lists have typed attributes.
expectTypeOf(await tenancy.tenants.list({ limit: 5, cursor: tenant, orderBy: '-createdAt' })).toEqualTypeOf<(typeof tenant)[]>()
for await (const each of tenancy.tenants.each()) expectTypeOf(each).toEqualTypeOf<typeof tenant>()

// The class is a type only, and its options have no database.
expectTypeOf(tenancy).toExtend<Tenancy<any, any>>()
// @ts-expect-error -- a Tenancy is created by createTenancy
void new Tenancy({})
// @ts-expect-error -- it may hold a password: tenancy.database.connectionConfig()
void tenancy.options.database
expectTypeOf(tenancy.database.connectionConfig).returns.resolves.toExtend<object>()

// Members: what is listed knows the attributes of its tenant, and a requirement has no other words.
const [mine] = await tenancy.members.listOf('user-1')
expectTypeOf(mine!.tenant.attributes.plan).toEqualTypeOf<'free' | 'gold'>()
expectTypeOf(await tenancy.members.find(tenant, 'user-1')).toEqualTypeOf<Member | undefined>()
expectTypeOf(
  await tenancy.members.check({ externalId: 'org_1' }, 'user-1', { roles: 'admin', can: ['a'] }),
).toEqualTypeOf<Member>()
// @ts-expect-error a requirement names roles, not one role
await tenancy.members.check('acme', 'user-1', { role: 'admin' })
// @ts-expect-error the token is in the answer to the invitation only
void (await tenancy.members.invitations('acme'))[0]!.token
// @ts-expect-error there is no such action
await tenancy.audit.list({ action: 'member.aded' })
// @ts-expect-error a role says what it can do
createTenancy({ members: { roles: { editor: { may: ['a'] } } } })
