/** The list of tenants: pages in both directions, filters, and what stands beside each tenant. */
import { Client } from 'pg'
import { createTenancy } from 'partywall'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { testDatabase } from '../../../partywall/test/support/servers/database.ts'
import { consoleOf, type Answer } from './console.ts'

const { url } = await testDatabase()
const migrations = (names: readonly string[]) => ({
  name: 'test',
  list: async () =>
    names.map((name) => ({
      name,
      file: name,
      checksum: name,
      up: { kind: 'sql' as const, text: `create table "${name}" (id int primary key, body text)`, line: 1 },
    })),
})
const options = {
  database: url,
  tenant: { attributes: z.object({ plan: z.string().default('free'), apiKey: z.string().optional() }) },
  pool: { max: 3 },
} as const
const before = createTenancy({
  ...options,
  migrations: { shared: false, tenant: { default: migrations(['0001_a']), big: false } },
})
const tenancy = createTenancy({
  ...options,
  migrations: { shared: false, tenant: { default: migrations(['0001_a', '0002_b']), big: false } },
})
const ask = consoleOf(tenancy)
const admin = new Client(url)
const many = 120
const secret = 'sk_live_0123456789abcdef'

beforeAll(async () => {
  await admin.connect()
  await before.tenants.create({ schema: 'behind', attributes: { apiKey: secret } })
  await tenancy.tenants.create({ schema: 'acme', name: 'Acme <b>Inc.</b>', domains: ['acme.example.com', 'www.acme.test'] })
  await tenancy.tenants.create({ schema: 'gone', kind: 'big' })
  await admin.query(
    `insert into partywall.tenants (schema, name, kind, status)
     select 'many_' || lpad(n::text, 3, '0'), 'Many ' || (1000 - n), 'big', case when n % 10 = 0 then 'suspended' else 'active' end
     from generate_series(1, $1::int) as n`,
    [many],
  )
  await tenancy.tenants.archive('gone')
  await admin.query(`insert into acme."0001_a" select n, repeat('x', 500) from generate_series(1, 1000) as n`)
})
afterAll(async () => {
  await Promise.all([before.close(), tenancy.close(), admin.end()])
})

const schemas = ({ body }: Answer): string[] => body.items.map(({ schema }: { schema: string }) => schema)
const oneOf = async (schema: string) => (await ask(`?search=${schema}`)).body.items.find((t: any) => t.schema === schema)

describe('pages', () => {
  test.each(['schema', '-schema', 'name', '-name', 'createdAt', '-createdAt'])(
    'sorted by %s come to the end, and back',
    async (sort) => {
      const pages = [await ask(`?sort=${sort}`)]
      while (pages.at(-1)!.body.next !== undefined) pages.push(await ask(`?sort=${sort}&after=${pages.at(-1)!.body.next}`))
      const forward = pages.flatMap(schemas)
      expect(new Set(forward).size).toBe(many + 3)
      expect(forward).toHaveLength(many + 3)
      expect(pages[0]!.body.previous).toBeUndefined()
      let back = pages.at(-1)!
      for (const page of pages.slice(0, -1).toReversed()) {
        back = await ask(`?sort=${sort}&before=${back.body.previous}`)
        expect(schemas(back)).toEqual(schemas(page))
      }
      expect(back.body.previous).toBeUndefined()
    },
  )

  test('a page that begins at a tenant that is gone says so', async () => {
    const answer = await ask('?after=00000000-0000-4000-8000-000000000000')
    expect([answer.status, answer.body.code]).toEqual([404, 'BAD_CURSOR'])
  })
})

describe('filters', () => {
  test('narrow the list, and the counts are those of all', async () => {
    const { body } = await ask('?status=suspended&kind=big')
    expect(body.items).toHaveLength(many / 10)
    expect(body.counts).toMatchObject({ all: many + 3, status: { suspended: many / 10, archived: 1 }, kinds: { big: many + 1 } })
  })

  test('a domain finds its tenant, and the search takes what is hostile as text', async () => {
    expect(schemas(await ask('?search=WWW.acme'))).toEqual(['acme'])
    expect(schemas(await ask(`?search=${encodeURIComponent("%' or true --")}`))).toEqual([])
    expect((await ask(`?search=${encodeURIComponent('نص😀\0')}`)).status).toBe(200)
  })

  test.each(['?status=dead', '?sort=attributes', '?after=1', '?search=' + 'x'.repeat(300)])('%s is refused', async (query) => {
    const { status, body } = await ask(query)
    expect([status, body.code]).toEqual([422, 'INVALID_BODY'])
  })
})

test('a selector gets names alone', async () => {
  expect((await ask('?brief=1&search=acme')).body).toEqual({ items: [{ schema: 'acme', name: 'Acme <b>Inc.</b>' }] })
})

describe('beside each tenant', () => {
  test('stand its size, its primary domain and its last activity', async () => {
    const acme = await oneOf('acme')
    expect(acme).toMatchObject({ name: 'Acme <b>Inc.</b>', domain: 'acme.example.com', domains: 2, status: 'active' })
    expect(acme.bytes).toBeGreaterThan(500_000)
    expect(acme.lastActivity.what).toMatch(/^(tenant|domain)\./)
  })

  test('stands its head, behind or not', async () => {
    expect((await oneOf('acme')).head).toEqual({ name: '0002_b', applied: 2, pending: 0, ahead: 0 })
    expect((await oneOf('behind')).head).toEqual({ name: '0001_a', applied: 1, pending: 1, ahead: 0 })
  })

  test('stand no attributes, which may be secret', async () => {
    expect(JSON.stringify((await ask('')).body)).not.toContain(secret)
  })

  test('a table that a migration holds keeps no one waiting: only the sizes are missing', async () => {
    await admin.query('begin; lock table acme."0001_a" in access exclusive mode')
    const acme = await oneOf('acme')
    await admin.query('rollback')
    expect(acme.bytes).toBeUndefined()
    expect(acme.head.applied).toBe(2)
  })

  test('stands the name that an archived one had', async () => {
    const { body } = await ask('?status=archived')
    expect(body.items).toMatchObject([{ formerSchema: 'gone', status: 'archived' }])
    const shown = await ask(body.items[0].schema)
    expect(shown.body).toMatchObject({ formerSchema: 'gone', moves: ['restore', 'delete'] })
  })
})

test('a viewer sees the list, and is told that nothing can be changed', async () => {
  const { body } = await ask('', { role: 'viewer' })
  expect(body.may).toEqual({ change: false, remove: false })
})
