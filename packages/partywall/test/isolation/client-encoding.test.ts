/**
 * node-postgres sends UTF-8, whatever client_encoding says. A session that reads the bytes by another encoding finds other letters: in
 * Shift JIS, the last byte of "ぃ" takes the backslash behind it with it.
 */
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { isPooled } from '../support/servers/route.ts'
import { twoTenants } from '../support/tenants/two-tenants.ts'

/** What needs a server session of its own is left out behind a pooler. */
const unpooled = isPooled ? [] : ['on a session of its own']

const { a, b, scope, url, makePool, admin, discarded } = await twoTenants()

/** By UTF-8 one string after "select"; by Shift JIS four statements. */
const hidden = `select 1; select E'ぃ\\'; commit; insert into items values (7000, 'unbound'); --'`

test('bites: with another encoding, a text hides a COMMIT from a reader of UTF-8', async () => {
  const naive = new Client(url)
  await naive.connect()
  await naive.query(`set client_encoding = 'SJIS'`)
  const results = (await naive.query(`select 1; select E'ぃ\\'; commit; select 2; --'`)) as unknown as unknown[]
  expect(results).toHaveLength(4)
  await naive.end()
})

test.each(unpooled)('a text with other letters than those of ASCII is refused while the encoding is not UTF-8 (%s)', async () => {
  const pool = makePool({ max: 1 })
  const client = await scope.run(a, () => pool.connect())
  await scope.run(a, async () => {
    await client.query(`set client_encoding = 'SJIS'`)
    await expect(client.query(hidden)).rejects.toMatchObject({ code: 'UNSAFE_SETUP' })
    expect((await client.query('select owner from items where id = 1')).rows).toEqual([{ owner: a.schema }])
    await client.query(`set client_encoding = 'utf-8'`)
    expect((await client.query(`select 'あ' as letter`)).rows).toEqual([{ letter: 'あ' }])
  })
  client.release()
  expect(discarded.splice(0)).toEqual(['it holds a setting of the session'])
  expect((await admin.query('select id from tenant_a.items where id = 7000')).rows).toEqual([])
})

test.each(unpooled)(
  'a function that changes the encoding is seen before the next statement, and costs the connection (%s)',
  async () => {
    await admin.query(
      `create or replace function public.recode() returns text language sql as $$ select set_config('client_encoding', 'SJIS', false) $$`,
    )
    const pool = makePool({ max: 1 })
    await scope.run(a, () => pool.query('select recode()'))
    expect(discarded.splice(0)).toEqual(['its client_encoding is not UTF8'])
    await scope.run(b, async () => {
      expect((await pool.query(`select 'あ' as letter`)).rows).toEqual([{ letter: 'あ' }])
    })
  },
)
