/** Support acts as a user: with a token that works once, at one address of one tenant, for a minute. */
import { expect, test } from 'vitest'
import { createImpersonation } from '../../src/auth/impersonation/impersonation.ts'
import { byHost, createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'

const { url } = await testDatabase()
const tenancy = createTenancy({
  database: url,
  migrations: { shared: false, tenant: false },
  resolve: [byHost({ base: 'our.example' })],
})
await tenancy.tenants.create({ schema: 'acme' })
await tenancy.tenants.create({ schema: 'globex' })
const impersonation = createImpersonation(tenancy)
const request = { operator: 'support:7', userId: '42', reason: 'ticket 118', path: '/support' }
const accept = (tenant: string, token: string, path = '/support') => tenancy.run(tenant, () => impersonation.accept(token, path))
const refusal = { code: 'TOKEN_REFUSED' }

test('a token works once, at its tenant and its address, also when it comes many times at once', async () => {
  const { token, url: link } = await impersonation.start('acme', request)
  expect(link).toBe(`https://acme.our.example/support#token=${token}`)
  await expect(accept('globex', token)).rejects.toMatchObject(refusal)
  await expect(accept('acme', token, '/other')).rejects.toMatchObject(refusal)
  const all = await Promise.allSettled(Array.from({ length: 5 }, () => accept('acme', token)))
  expect(all.filter(({ status }) => status === 'fulfilled')).toEqual([
    { status: 'fulfilled', value: { userId: '42', impersonatedBy: 'support:7', reason: 'ticket 118' } },
  ])
  const { rows } = await tenancy.sharedPool.query(
    `select action, object, details->>'operator' as operator from partywall.audit where action like 'impersonation.%' order by id`,
  )
  expect(rows).toEqual([
    { action: 'impersonation.started', object: '42', operator: 'support:7' },
    { action: 'impersonation.accepted', object: '42', operator: 'support:7' },
  ])
})

test('a token is over after a minute, and is not in the database', async () => {
  const { token } = await impersonation.start('acme', request)
  const { rows } = await tenancy.sharedPool.query(
    `update partywall.single_use_tokens as token set expires_at = expires_at - interval '60 seconds' returning token::text as row`,
  )
  expect(rows).toHaveLength(1)
  expect(JSON.stringify(rows)).not.toContain(token)
  await expect(accept('acme', token)).rejects.toMatchObject(refusal)
  await impersonation.start('acme', request)
  expect((await tenancy.sharedPool.query('select from partywall.single_use_tokens')).rows).toHaveLength(1)
})

test('what cannot be a token, and a start without a reason, are refused', async () => {
  for (const token of ['', 'x'.repeat(43), 'x'.repeat(10_000), undefined as never])
    await expect(accept('acme', token)).rejects.toMatchObject(refusal)
  await expect(impersonation.start('acme', { ...request, reason: ' ' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(impersonation.start('acme', { ...request, path: '//evil.example' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  })
})
