/** Binding by hand, for a library that takes no pool: the statement is read from docs/orm/others.md. */
import { readFile } from 'node:fs/promises'
import { Client } from 'pg'
import { afterAll, expect, test } from 'vitest'
import { fourTenants } from '../contract/four-tenants.ts'
import { codeOf, refused } from '../contract/refused.ts'

const { superUrl, tenants } = await fourTenants()
const page = await readFile(new URL('../../../../docs/orm/others.md', import.meta.url), 'utf8')
const binding = /```sql\n([\s\S]*?)```/.exec(page)![1]!
const client = new Client(superUrl)
await client.connect()
afterAll(() => client.end())

const path = async (): Promise<string> => (await client.query('show search_path')).rows[0].search_path

test('the statement of docs/orm/others.md binds one transaction to the tenant, and leaves nothing on the connection', async () => {
  const before = await path()
  for (const { schema } of tenants) {
    await client.query('begin')
    await client.query(binding, [schema])
    await client.query('insert into authors values (1, $1)', [schema])
    expect((await client.query('select current_schema() as schema, count(*)::int as count from authors, plans')).rows).toEqual([
      { schema, count: 2 },
    ])
    await client.query('commit')
    expect(await path()).toBe(before)
  }
})

test('the statement of docs/orm/others.md fails for a schema that does not exist', async () => {
  await client.query('begin')
  expect(codeOf(await refused(client.query(binding, ['gone'])))).toBe('3F000')
  expect(codeOf(await refused(client.query('select * from plans')))).toBe('25P02')
  await client.query('rollback')
})
