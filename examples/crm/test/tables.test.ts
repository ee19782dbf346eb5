/** What is written down twice stays the same, and small parts are right by themselves. */
import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { betterAuthSql, centralModels } from '../../../packages/partywall/src/auth/better-auth/better-auth.ts'
import { clientAddress } from '../src/api/client-address.ts'
import { environmentOf } from '../src/environment.ts'
import { readMail } from '../src/mail/read-mail.ts'
import { demoRows } from '../src/demo/rows.ts'
import { operatorOptions } from '../src/shared/operators.ts'
import { userFields } from '../src/tenant/users.ts'

const example = new URL('../', import.meta.url)
const read = (path: string) => readFile(new URL(path, example), 'utf8')

test('the tables of accounts are those of Better Auth with our own fields', async () => {
  expect(await read('migrations/tenant/0001_users.sql')).toBe(await betterAuthSql(userFields))
  expect(await read('migrations/shared/0001_operators.sql')).toBe(
    await betterAuthSql(centralModels(operatorOptions('http://crm.localhost'))),
  )
})

test('no table of a tenant has a column for the tenant', async () => {
  for (const file of await readdir(new URL('migrations/tenant', example)))
    expect(await read(`migrations/tenant/${file}`)).not.toMatch(/tenant_id/)
})

test('the records know nothing of what is shared', async () => {
  for (const file of await readdir(new URL('src/records', example)))
    expect(await read(`src/records/${file}`)).not.toMatch(/\/shared\/|sharedPool/)
})

test('the README names every folder of src', async () => {
  const readme = await read('README.md')
  for (const entry of await readdir(new URL('src', example), { withFileTypes: true }))
    if (entry.isDirectory()) expect(readme).toContain(`src/${entry.name}`)
})

test('demo data are the same at each start', () => {
  const size = { seed: 7, customers: 50, leads: 20, projects: 10, tasks: 20, notes: 10 }
  const now = new Date('2026-05-31T12:00:00Z')
  expect(demoRows(size, ['a', 'b'], now)).toEqual(demoRows(size, ['a', 'b'], now))
})

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('the client at %s counts as %s', (ip, expected) => {
  expect(clientAddress({ ip })).toBe(expected)
})

test.each([
  [{ NODE_ENV: 'production' }, 'CRM_SECRET'],
  [{ NODE_ENV: 'production', CRM_SECRET: 'x'.repeat(32) }, 'SMTP_URL'],
  [{ CRM_SECRET: 'short' }, 'CRM_SECRET'],
  [{ PORT: 'http' }, 'PORT'],
  [{ APP_URL: 'https://crm.example.com/path' }, 'APP_URL'],
])('the start is refused with %j', (variables, name) => {
  expect(() => environmentOf(variables)).toThrow(name)
})

test('a mail is read as it was written', () => {
  const raw = [
    'Subject: =?UTF-8?Q?caf=C3=A9_?=',
    ' =?UTF-8?B?8J+Zgg==?=',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from('Hällo\n\nworld').toString('base64'),
  ].join('\r\n')
  expect(readMail(raw)).toEqual({ subject: 'café 🙂', text: 'Hällo\n\nworld' })
})
