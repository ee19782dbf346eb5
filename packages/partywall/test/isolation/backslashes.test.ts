/** A server, a role or a connection string may turn standard_conforming_strings off: a backslash then escapes the quote behind it. */
import { Client, escapeLiteral } from 'pg'
import { expect, test } from 'vitest'
import { isPooled } from '../support/servers/route.ts'
import { twoTenants } from '../support/tenants/two-tenants.ts'

/** What needs a server session of its own is left out behind a pooler. */
const unpooled = isPooled ? [] : ['on a session of its own']

const { a, b, scope, url, makePool, admin } = await twoTenants()

/** With the setting off these are four statements: the quotes of the first text do not end where the standard says. */
const hidden = `select 1; select '\\''; commit; insert into items values (7000, 'unbound'); --'`

test('bites: with the setting off, a text hides a COMMIT from a reader who goes by the standard', async () => {
  const naive = new Client(url)
  await naive.connect()
  await naive.query('set standard_conforming_strings = off')
  const results = (await naive.query(`select 1; select '\\''; commit; select 2; --'`)) as unknown as unknown[]
  expect(results).toHaveLength(4)
  await naive.query('discard all')
  await naive.end()
})

test.each(unpooled)(
  'a text with a backslash is refused where the connection turns the setting off, any other is bound (%s)',
  async () => {
    const pool = makePool({ max: 1, options: '-c standard_conforming_strings=off' })
    await scope.run(a, async () => {
      await expect(pool.query(hidden)).rejects.toMatchObject({ code: 'UNSAFE_SETUP' })
      await expect(pool.query({ text: `select '\\'`, values: [] })).rejects.toMatchObject({ code: 'UNSAFE_SETUP' })
      expect((await pool.query('select owner from items where id = $1', [1])).rows).toEqual([{ owner: a.schema }])
    })
    expect((await admin.query('select id from tenant_a.items where id = 7000')).rows).toEqual([])
  },
)

test.each(unpooled)(
  'a function that turns it off is seen before the next statement, in the same transaction too (%s)',
  async () => {
    await admin.query(
      `create or replace function public.turn_off() returns text language sql as $$ select set_config('standard_conforming_strings', 'off', false) $$`,
    )
    const pool = makePool({ max: 1 })
    const client = await scope.run(a, () => pool.connect())
    await scope.run(a, async () => {
      await client.query('begin')
      await client.query('select turn_off()')
      await expect(client.query(hidden)).rejects.toMatchObject({ code: 'UNSAFE_SETUP' })
      await client.query('rollback')
      expect((await client.query(`select ${escapeLiteral('a\\b')} as text`)).rows).toEqual([{ text: 'a\\b' }])
    })
    client.release()
    expect((await scope.run(b, () => pool.query('select owner from items where id = 1'))).rows).toEqual([{ owner: b.schema }])
  },
)
