import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Client, type PoolClient } from 'pg'
import { createTenancy } from 'partywall'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { inSession } from '../../src/database/pool/session.ts'
import { isPooled, unlessPooled } from '../support/servers/route.ts'
import { twoTenants } from '../support/tenants/two-tenants.ts'

const { a, b, scope, bindings, url, appUrl, makePool, admin, discarded, tampered } = await twoTenants()

// Older servers report no search path. The binding of the next statement sets its own path anyway.
const { rows: version } = await admin.query(`select current_setting('server_version_num')::int >= 180000 as reports`)
const isReported: boolean = version[0].reports

const owner = 'select owner from items where id = 1'
const reason = 'its search path was changed for the session'
const seen = { searchPath: 'tenant_a', expected: '"$user", public', schema: a.schema }

await admin.query(`
  create function public.sneak(path text, is_local bool) returns void language plpgsql as $$
    begin perform set_config('search_path', path, is_local); end $$;
  create procedure public.sneak_away(path text) language plpgsql as $$
    begin perform set_config('search_path', path, false); commit; raise exception 'and fails then'; end $$;
`)
beforeEach(async () => {
  await freshSession()
  discarded.length = 0
  tampered.length = 0
})

/** What changes the path of the session, and does not show in the statement. */
const tampering: Record<string, (client: PoolClient) => Promise<unknown>> = {
  'a function': (client) => client.query(`select public.sneak('tenant_a', false)`),
  'a function, with values': (client) => client.query('select public.sneak($1, $2)', ['tenant_a', false]),
  'a function in a transaction that is kept': async (client) => {
    await client.query('begin')
    await client.query(`select public.sneak('tenant_a', false)`)
    await client.query(owner)
    await client.query('commit')
  },
  'a function, and harmless statements behind it': async (client) => {
    await client.query(`select public.sneak('tenant_a', false)`)
    for (let n = 0; n < 3; n++) expect((await client.query(owner)).rows).toEqual([{ owner: a.schema }])
  },
}

describe.each(Object.entries(tampering))('%s that changes the search path of the session', (_, tamper) => {
  test('raises the alarm, and the connection is destroyed', async () => {
    const pool = makePool({ max: 1 })
    await scope.run(a, async () => {
      const client = await pool.connect()
      await tamper(client)
      client.release()
    })
    expect(tampered).toEqual(isReported ? [seen] : [])
    expect(discarded).toEqual(isReported ? [reason] : [])
    expect(pool.totalCount).toBe(isReported ? 0 : 1)
    for (const tenant of [b, a])
      expect((await scope.run(tenant, () => pool.query(owner))).rows).toEqual([{ owner: tenant.schema }])
  })
})

/** What ends with its transaction, or is rolled back. */
const harmless: Record<string, (client: PoolClient) => Promise<unknown>> = {
  'a function that sets it locally': (client) => client.query(`select public.sneak('tenant_a', true)`),
  'a function in a transaction that is rolled back': async (client) => {
    await client.query('begin')
    await client.query(`select public.sneak('tenant_a', false)`)
    await client.query('rollback')
  },
  'a function in a statement that fails': (client) =>
    client.query(`select public.sneak('tenant_a', false), 1 / 0`).catch(() => {}),
  'many transactions of the tenant': async (client) => {
    for (let n = 0; n < 20; n++) {
      await client.query('begin')
      await client.query(owner)
      await client.query(n % 2 ? 'commit' : 'rollback')
    }
  },
}

describe.each(Object.entries(harmless))('%s', (_, work) => {
  test('raises no alarm', async () => {
    const pool = makePool({ max: 1 })
    await scope.run(a, async () => {
      const client = await pool.connect()
      await work(client)
      client.release()
    })
    expect([...tampered, ...discarded]).toEqual([])
    expect(pool.idleCount).toBe(1)
  })
})

test('a SET in the text raises the alarm as well', async () => {
  const pool = makePool({ max: 1 })
  await unlessPooled(scope.run(a, () => pool.query('set search_path to tenant_a')))
  expect(tampered).toEqual(isReported && !isPooled ? [seen] : [])
})

test('a procedure that commits and then fails raises the alarm', async () => {
  const pool = makePool({ max: 1 })
  // A bound statement cannot commit in the middle; a session is bound by this very setting, and closed afterwards.
  await expect(scope.run(a, () => pool.query(`call public.sneak_away('tenant_a')`))).rejects.toMatchObject({
    code: 'NEEDS_SESSION',
  })
  await unlessPooled(
    scope.run(a, () => inSession(pool, bindings.ofTenant(a), (client) => client.query('set search_path to public'))),
  )
  expect(tampered).toEqual([])
})

describe('a search path that the connection is prepared with', () => {
  test.each(['a "connect" listener', 'onConnect'])('by %s is the one that later reports are compared with', async (how) => {
    const pool = makePool({ max: 1, ...(how === 'onConnect' && ({ onConnect: prepare } as object)) })
    if (how !== 'onConnect') pool.on('connect', (client) => void prepare(client))
    for (const tenant of [a, b, a])
      expect((await scope.run(tenant, () => pool.query(owner))).rows).toEqual([{ owner: tenant.schema }])
    expect([...tampered, ...discarded]).toEqual([])
    await scope.run(a, () => pool.query(`select public.sneak('tenant_a', false)`))
    expect(tampered).toEqual(isReported ? [{ ...seen, expected: 'tenant_b' }] : [])
  })
})

test('the alarm is an event of the tenancy and of its diagnostics channel', async () => {
  const tenancy = createTenancy({ database: url })
  onTestFinished(() => tenancy.close())
  const events: unknown[] = []
  const hear = (message: unknown): void => void events.push(['channel', message])
  subscribe('partywall:connection.tampered', hear)
  onTestFinished(() => void unsubscribe('partywall:connection.tampered', hear))
  tenancy.on('connection.tampered', (payload) => events.push(['tampered', payload]))
  tenancy.on('connection.discarded', (payload) => events.push(['discarded', payload]))
  await tenancy.run(a, () => tenancy.pool.query(`select public.sneak('tenant_a', false)`))
  expect(events).toEqual(
    isReported
      ? [
          ['channel', seen],
          ['tampered', seen],
          ['discarded', { reason }],
        ]
      : [],
  )
})

async function prepare(client: Pick<PoolClient, 'query'>): Promise<void> {
  await client.query('set search_path to tenant_b')
}

/** Behind the pooler the session is kept, with what an earlier test did to it. */
async function freshSession(): Promise<void> {
  const plain = new Client(appUrl)
  await plain.connect()
  await plain.query('reset search_path')
  await plain.end()
}
