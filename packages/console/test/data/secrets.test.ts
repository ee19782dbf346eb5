/** What opens something is not shown to those who may read, and those who may write cannot give themselves a higher role. */
import { createTenancy } from 'partywall'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '../../../partywall/test/support/servers/database.ts'
import { consoleOf } from './console.ts'

const { url } = await testDatabase()
const tenancy = createTenancy({ database: url, migrations: { shared: false, tenant: false } })
const ask = consoleOf(tenancy)
const admin = new Client(url)

beforeAll(async () => {
  await tenancy.ready()
  await admin.connect()
  await tenancy.tenants.create({ schema: 'acme' })
  await admin.query(`
    create table public.operators (id int primary key, email text, role text);
    insert into public.operators values (1, 'ann@our.example', 'support');
    create table acme.accounts (id int primary key, email text not null unique, "passwordHash" text, access_token text);
    insert into acme.accounts values (1, 'ann@acme.example', 'hash of acme', 'token of acme');
    create table acme.sessions (token text primary key, user_id int not null unique, at date);
    insert into acme.sessions values ('session of acme', 7, now())`)
})
afterAll(async () => {
  await tenancy.close()
  await admin.end()
})

test.each(['viewer', 'operator', 'owner'] as const)('a %s sees no password, hash or token, by no way', async (role) => {
  const seen = [
    await ask('acme/tables/accounts/rows', { role }),
    await ask('acme/tables/accounts/rows/1', { role }),
    await ask('acme/tables/sessions/rows', { role }),
    await ask('acme/tables/sessions/rows/session~20of~20acme', { role }),
    await ask('acme/tables/sessions/rows/7', { role }),
    await ask('acme/tables/accounts/rows/1/columns/access_token', { role }),
    await ask('acme/tables/accounts/choices?column=passwordHash', { role }),
    await ask('acme/tables/sessions/choices?column=token&search=session', { role }),
    await ask('acme/tables/sessions/choices?column=user_id&search=session', { role }),
    await ask('acme/tables/accounts/rows?sort=access_token', { role }),
    await ask('acme/tables/accounts/rows?filters=[["access_token","contains","t"]]', { role }),
  ]
  expect(JSON.stringify(seen)).not.toMatch(/of acme|c2Vzc2lvbiBvZi/)
  expect(seen.map(({ status }) => status)).toEqual([200, 200, 200, 403, 403, 403, 403, 403, 200, 422, 422])
  expect(seen[0]!.body.rows[0].cells).toEqual(['1', 'ann@acme.example'])
  // What tells the rows apart in place of the key is no address of a row.
  expect(seen[2]!.body.rows[0].key).toBeUndefined()
})

test('a new row takes a password that is not shown afterwards', async () => {
  const values = [
    ['id', '2'],
    ['email', 'ben@acme.example'],
    ['passwordHash', 'hash of ben'],
  ]
  expect((await ask('acme/tables/accounts/rows', { method: 'POST', body: { values }, role: 'operator' })).status).toBe(201)
  expect((await ask('acme/tables/accounts/rows/2')).body.cells).toEqual({ id: '2', email: 'ben@acme.example' })
})

test('an operator changes no shared row: one of them may be its own account', async () => {
  const { body } = await ask('shared/tables/operators/rows/1', { role: 'operator' })
  expect(body.table).toMatchObject({ mayInsert: false, mayUpdate: false, mayDelete: false, readOnly: expect.any(String) })
  const change = { version: body.version, values: [['role', 'admin']] }
  const added = {
    values: [
      ['id', '2'],
      ['role', 'admin'],
    ],
  }
  const row = 'shared/tables/operators/rows'
  expect((await ask(`${row}/1`, { method: 'PATCH', body: change, role: 'operator' })).body.code).toBe('ROLE_REQUIRED')
  expect((await ask(row, { method: 'POST', body: added, role: 'operator' })).body.code).toBe('ROLE_REQUIRED')
  expect((await ask(`${row}/1`, { method: 'PATCH', body: change, role: 'owner' })).status).toBe(200)
})
