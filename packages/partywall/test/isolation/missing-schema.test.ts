import { Client, type Pool } from 'pg'
import { describe, expect, test } from 'vitest'
import { tenantRole } from '../../src/names/role-name.ts'
import { inSession } from '../../src/database/pool/session.ts'
import { isByRole } from '../support/servers/boundary.ts'
import { isPooled, route } from '../support/servers/route.ts'
import { adopt } from '../support/tenants/adopt.ts'
import { fakeTenant, twoTenants } from '../support/tenants/two-tenants.ts'

const { a, url, scope, bindings, makePool, admin } = await twoTenants()
const gone = fakeTenant('tenant_x')

await admin.query(
  `create table public.items (id int primary key, owner text, note text); insert into public.items values (1, 'public')`,
)

/** The naive way: the path names a schema that does not exist, and PostgreSQL goes on to the next one. */
test('bites: a search path with a missing schema reads and writes the shared one', async () => {
  const naive = new Client(url)
  await naive.connect()
  await naive.query('set search_path to "tenant_x", public')
  expect((await naive.query('select owner from items')).rows).toEqual([{ owner: 'public' }])
  await naive.end()
})

describe('a schema that does not exist', () => {
  const texts: Record<string, [string, unknown[]?]> = {
    'a read': ['select owner from items'],
    'a read with values': ['select owner from items where id = $1', [1]],
    'a write': [`insert into items values (2, 'lost')`],
    'several statements': [`insert into items values (3, 'lost'); select 1`],
    'a DO block': [`do $$ begin insert into items values (4, 'lost'); end $$`],
  }

  test.each(Object.entries(texts))(
    '%s is refused in one round trip, and the shared schema is untouched',
    async (_, [text, values]) => {
      const pool = makePool({ max: 1 })
      const count = countAnswers(pool)
      await scope.run(gone, async () => {
        const client = await pool.connect()
        count()
        await expect(client.query(text, values)).rejects.toMatchObject({
          code: 'SCHEMA_MISSING',
          details: { schema: 'tenant_x' },
        })
        expect(count()).toBe(1)
        client.release()
      })
      expect((await admin.query('select owner from public.items')).rows).toEqual([{ owner: 'public' }])
      expect(pool.idleCount).toBe(1)
    },
  )

  test('a statement in a transaction is refused', async () => {
    const pool = makePool({ max: 1 })
    await scope.run(gone, async () => {
      const client = await pool.connect()
      await client.query('begin')
      await expect(client.query('select owner from items')).rejects.toMatchObject({ code: 'SCHEMA_MISSING' })
      await client.query('rollback')
      client.release()
    })
  })

  test('a session is refused', async () => {
    const pool = makePool({ max: 1 })
    const attempt = inSession(pool, bindings.ofTenant(gone), () => Promise.resolve())
    // Behind a pooler every session is refused, before the schema is looked at.
    await expect(attempt).rejects.toMatchObject({ code: isPooled ? 'UNSAFE_STATEMENT' : 'SCHEMA_MISSING' })
  })

  test('a schema that is dropped in mid-use is noticed at the next statement, also at a prepared one', async () => {
    await admin.query(`create schema tenant_d; create table tenant_d.items as select * from tenant_a.items`)
    const doomed = fakeTenant('tenant_d')
    await adopt(admin, [doomed])
    const pool = makePool({ max: 1 })
    const named = { name: 'mine', text: 'select owner from items where id = $1', values: [1] }
    const read = (): Promise<unknown> => scope.run(doomed, () => pool.query(named))
    await expect(read()).resolves.toMatchObject({ rows: [{ owner: 'tenant_a' }] })
    await scope.run(doomed, async () => {
      const client = await pool.connect()
      const first = await client.query('select owner from items where id = 1')
      expect(first.rows).toHaveLength(1)
      await admin.query('drop schema tenant_d cascade')
      await expect(client.query('select owner from items where id = 1')).rejects.toMatchObject({ code: 'SCHEMA_MISSING' })
      client.release()
    })
    await expect(read()).rejects.toMatchObject({ code: 'SCHEMA_MISSING' })
    expect((await scope.run(a, () => pool.query(named))).rows).toEqual([{ owner: 'tenant_a' }])
  })
})

/** One of the two, by the boundary of this run. */
const seesNoSchema = isByRole ? tenantWithoutUsage : loginWithoutUsage
test('a schema that the role may not use, and PostgreSQL would silently skip, is refused', seesNoSchema)

test("a statement's own error about another schema is passed on as it is", async () => {
  const pool = makePool({ max: 1 })
  await expect(scope.run(a, () => pool.query(`select 'nowhere'::regnamespace`))).rejects.toMatchObject({ code: '3F000' })
})

async function tenantWithoutUsage(): Promise<void> {
  const pool = makePool({ max: 1 })
  const read = (): Promise<unknown> => scope.run(a, () => pool.query('select owner from items'))
  await read()
  await admin.query(`revoke usage on schema tenant_a from ${tenantRole(a.id)}`)
  await expect(read()).rejects.toMatchObject({
    code: 'SCHEMA_MISSING',
    message: expect.stringContaining('partywall boundary upgrade'),
  })
  await admin.query(`grant usage on schema tenant_a to ${tenantRole(a.id)}`)
  await read()
}

async function loginWithoutUsage(): Promise<void> {
  // A role belongs to the whole server, so to both runs of this file.
  const role = `partywall_guest_${route}`
  await admin.query(`drop role if exists ${role}`)
  await admin.query(`create role ${role} login; grant select on public.items to ${role}`)
  const guest = new URL(url)
  guest.username = role
  const naive = new Client(guest.href)
  await naive.connect()
  await naive.query('set search_path to tenant_a, public')
  expect((await naive.query('select owner from items')).rows).toEqual([{ owner: 'public' }])
  await naive.end()

  const pool = makePool({ connectionString: guest.href, max: 1 })
  await expect(scope.run(a, () => pool.query('select owner from items'))).rejects.toMatchObject({
    code: 'SCHEMA_MISSING',
    message: expect.stringContaining('grant usage'),
  })
  await pool.end()
  await admin.query(`drop owned by ${role}; drop role ${role}`)
}

/** How often the server of the pool's connection was ready since the last call. A holder that listened there would lose the connection. */
function countAnswers(pool: Pool): () => number {
  let answers = 0
  pool.on('connect', ({ connection }) => connection.on('readyForQuery', () => (answers += 1)))
  return () => {
    const counted = answers
    answers = 0
    return counted
  }
}
