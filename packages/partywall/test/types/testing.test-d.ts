/** What TypeScript infers for partywall/testing. Checked by `npm run types`; nothing here runs. */
import { test as base, expectTypeOf } from 'vitest'
import { after, afterEach, before, beforeEach } from 'node:test'
import { z } from 'zod'
import express from 'express'
import { Hono } from 'hono'
import { createTenancy, type Tenant } from '../../src/index.ts'
import {
  openTestDatabase,
  poolContract,
  tenantClient,
  tenantFixtures,
  useTenants,
  type TenantFixtures,
} from '../../src/testing/testing.ts'

const attributes = z.object({ plan: z.enum(['free', 'paid']).default('free') })
const open = (database: string) => createTenancy({ database, tenant: { attributes } })
type Own = ReturnType<typeof open>
type OwnTenant = Tenant<{ plan: 'free' | 'paid' }>

export async function parts(): Promise<void> {
  const database = await openTestDatabase({ open })
  expectTypeOf(database.tenancy).toEqualTypeOf<Own>()
  const tenant = await database.tenant({ attributes: { plan: 'paid' }, reuse: true })
  expectTypeOf(tenant).toEqualTypeOf<OwnTenant>()
  // @ts-expect-error there is no such plan
  await database.tenant({ attributes: { plan: 'gold' } })
  // @ts-expect-error a tenancy is opened on a database
  await openTestDatabase({ open: () => 7 })
  const transactions = await database.transactions()
  // @ts-expect-error there is no such level
  await transactions.begin({ isolationLevel: 'snapshot' })
  const client = tenantClient(express(), database.tenancy, tenant)
  expectTypeOf((await client.get('/')).status).toEqualTypeOf<number>()
  expectTypeOf((await client.get('/')).json<{ title: string }>()).toEqualTypeOf<{ title: string }>()
  tenantClient(new Hono(), database.tenancy, 'acme')
  tenantClient((request: Request) => new Response(request.url), database.tenancy, { id: tenant.id })
  // @ts-expect-error no app
  tenantClient(7, database.tenancy, 'acme')
}

const t = useTenants({ open, mode: 'reuse', tenant: { attributes: { plan: 'free' } } }, { before, after, beforeEach, afterEach })
expectTypeOf(t.tenant).toEqualTypeOf<OwnTenant>()
expectTypeOf(t.tenancy).toEqualTypeOf<Own>()
// @ts-expect-error there is no such mode
useTenants({ open, mode: 'rollback' }, { before, after, beforeEach, afterEach })
// @ts-expect-error a hook is missing
useTenants({ open }, { before, after, beforeEach })

const test = base.extend<TenantFixtures<Own>>(tenantFixtures({ open, app: () => express() }))
test('a test', async ({ tenancy, tenant, client, clientOf }) => {
  expectTypeOf(tenancy).toEqualTypeOf<Own>()
  expectTypeOf(tenant).toEqualTypeOf<OwnTenant>()
  expectTypeOf(clientOf(tenant)).toEqualTypeOf(client)
})

poolContract({
  open: createTenancy,
  make: ({ pool }) => ({ query: async (sql) => (await pool.query(sql)).rows, transaction: (work) => work(async () => []) }),
})
// @ts-expect-error a subject has transactions
poolContract({ open: createTenancy, make: () => ({ query: async () => [] }) })
