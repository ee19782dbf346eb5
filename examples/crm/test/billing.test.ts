/** Trials that end, payments that open again, and messages that are no one's. */
import { expect, test } from 'vitest'
import * as schemas from '../src/api/schemas/index.ts'
import { trialQueue } from '../src/jobs/jobs.ts'
import { signedMessage } from '../src/shared/billing/fake-provider.ts'
import type { BillingEvent } from '../src/shared/billing/provider.ts'
import { openCrm, until } from './support.ts'

const open = await openCrm()

const webhook = (event: BillingEvent, change: { body?: Buffer; at?: Date; secret?: string } = {}) => {
  const { body, headers } = signedMessage(
    { ...open.environment, ...(change.secret !== undefined && { secret: change.secret }) },
    event,
    change.at,
  )
  return open.browser().post('', '/api/billing/webhook', undefined, {
    origin: false,
    headers,
    raw: { type: 'application/json', bytes: change.body ?? body },
  })
}

const nextYear = new Date(Date.now() + 365 * 86_400_000)

test('a trial that is over suspends the tenant, which pays at its own host and goes on', async () => {
  const { tenancy, jobs, sink } = open.crm
  const owner = await open.tenant('late')
  await open.tenant('early')
  await tenancy.run('late', () => jobs.send(trialQueue))
  await owner.post('late', '/api/customers', { name: 'Kept' })
  await tenancy.sharedPool.query(
    `update subscriptions set trial_ends_at = now() - interval '1 minute' where tenant_id = (select id from partywall.tenants where schema = 'late')`,
  )
  await tenancy.run('late', () => jobs.send(trialQueue))
  await tenancy.run('early', () => jobs.send(trialQueue))
  await until(
    () => tenancy.tenants.get('late'),
    ({ status }) => status === 'suspended',
  )
  expect(await owner.get('late', '/api/customers')).toMatchObject({ status: 403, body: { code: 'TENANT_SUSPENDED' } })
  expect((await owner.get('late', '/settings', { headers: { accept: 'text/html' } })).status).toBe(403)
  expect((await owner.post('late', '/api/auth/sign-in/email', {})).status).toBe(403)
  expect((await open.browser().get('early', '/api/place')).status).toBe(200)
  const mail = await until(
    () => sink!.mails().find(({ to, subject }) => to === 'owner@late.example' && subject.includes('over')),
    (found) => found !== undefined,
  )
  expect(mail!.text).toContain(`http://late.crm.localhost:${open.environment.port}/`)

  const prices = await owner.get('late', '/api/plans')
  expect(schemas.plans.parse(prices.body).items.map(({ id }) => id)).toEqual(['starter', 'growth', 'scale'])
  const foreign = { origin: 'https://evil.example' }
  expect((await owner.post('late', '/api/reactivation', { plan: 'growth' }, foreign)).status).toBe(403)
  expect((await owner.post('late', '/api/reactivation', { plan: 'free' })).status).toBe(400)
  expect((await owner.post('early', '/api/reactivation', { plan: 'growth' })).status).toBe(404)
  const { url } = schemas.away.parse((await owner.post('late', '/api/reactivation', { plan: 'growth' })).body)
  const { pathname } = new URL(url)
  const page = await owner.get('', pathname)
  expect(page.text).toContain('Growth, €79.00 a month')
  expect(page.headers['content-security-policy']).toContain(`form-action 'self' http://*.crm.localhost:${open.environment.port}`)
  const paid = await owner.post('', pathname, undefined, {
    raw: { type: 'application/x-www-form-urlencoded', bytes: Buffer.from('action=pay') },
  })
  expect(paid).toMatchObject({ status: 303, headers: { location: `http://late.crm.localhost:${open.environment.port}/` } })
  await until(
    () => owner.get('late', '/api/session'),
    ({ status }) => status === 200,
  )
  expect((await owner.get('late', '/api/customers')).body.total).toBe(1)
  expect(schemas.billing.parse((await owner.get('late', '/api/billing')).body)).toMatchObject({
    plan: 'growth',
    status: 'active',
    limits: { members: 20, records: 100_000 },
  })
})

test('a message of the provider counts once, and no one else can send one', async () => {
  const owner = await open.tenant('paying')
  const tenantId = (await owner.get('paying', '/api/session')).body.tenant.id
  const event = { id: crypto.randomUUID(), type: 'paid', tenantId, plan: 'scale', paidUntil: nextYear } as const
  const forged = Buffer.from(JSON.stringify({ ...event, plan: 'growth' }))
  for (const answer of [
    await webhook(event, { body: forged }),
    await webhook(event, { secret: 'a secret of someone else, of 32 characters' }),
    await webhook(event, { at: new Date(Date.now() - 3_600_000) }),
    await open.browser().post('', '/api/billing/webhook', event),
  ])
    expect(answer).toMatchObject({ status: 401, body: { code: 'SIGNATURE_REFUSED' } })
  expect((await open.browser().post('paying', '/api/billing/webhook', event)).status).toBe(404)
  expect((await owner.get('paying', '/api/billing')).body).toMatchObject({ plan: 'starter', status: 'trial' })

  expect((await webhook(event)).status).toBe(204)
  const ended = { id: crypto.randomUUID(), type: 'cancelled', tenantId } as const
  expect((await webhook(ended)).status).toBe(204)
  // The provider sends the first one again.
  expect((await webhook(event)).status).toBe(204)
  expect((await owner.get('paying', '/api/billing')).body).toMatchObject({
    plan: 'scale',
    status: 'ended',
    limits: { records: null },
  })
  expect((await webhook({ ...event, id: crypto.randomUUID(), tenantId: crypto.randomUUID() })).status).toBe(204)
})

test('a checkout of one tenant opens no other, and an address that is over opens nothing', async () => {
  const owner = await open.tenant('buyer')
  const { url } = (await owner.post('buyer', '/api/billing/checkout', { plan: 'growth' })).body
  const { pathname } = new URL(url)
  expect((await owner.get('buyer', pathname)).text).not.toContain('a month')
  expect((await owner.get('', '/pay/1')).status).toBe(404)
  expect((await owner.get('', `/pay/${crypto.randomUUID()}`)).status).toBe(404)
  const form = { raw: { type: 'application/x-www-form-urlencoded', bytes: Buffer.from('action=pay') } }
  expect(
    (await owner.post('', pathname, undefined, { ...form, origin: `http://buyer.crm.localhost:${open.environment.port}` }))
      .status,
  ).toBe(403)
  expect((await owner.get('buyer', '/api/billing')).body.plan).toBe('starter')
  await open.crm.tenancy.sharedPool.query('update fake_checkouts set expires_at = now()')
  expect((await owner.post('', pathname, undefined, form)).status).toBe(404)
})

test('a tenant that is deleted leaves nothing in the shared tables', async () => {
  await open.tenant('gone')
  const { tenancy } = open.crm
  await tenancy.tenants.delete('gone', { confirm: 'gone', sharedRows: 'delete' })
  const { rows } = await tenancy.sharedPool.query(
    `select (select count(*)::int from subscriptions s where not exists (select from partywall.tenants t where t.id = s.tenant_id)) as subscriptions,
       (select count(*)::int from sign_ups where tenant_id is null) as sign_ups`,
  )
  expect(rows).toEqual([{ subscriptions: 0, sign_ups: 0 }])
  expect((await open.browser().get('gone', '/api/place')).status).toBe(404)
})
