/** The first new tenant of a process is compared with one that has the same migrations: what the review cannot see shows in the result. */
import { expect, onTestFinished, test } from 'vitest'
import { createTenancy } from 'partywall'
import { testDatabase } from '../support/servers/database.ts'
import { folderForTest } from '../support/tenants/registry.ts'

/** A guard that is put together at run time, so that no text shows what it looks at. */
const guarded = `do $$ begin
  execute 'create table ' || 'books (id int, title text)';
  if not (select count(*) > 0 from (select 1 from books) as b) then
    execute replace('do $x$ begin if not exists (select from pg_@ where relname = ''books_title'') then create index books_title on books (title); end if; end $x$', '@', 'class');
  end if;
end $$`

async function tenancyWith(sql: string) {
  const { url } = await testDatabase()
  const root = await folderForTest({ 'migrations/tenant/0001_books.sql': sql })
  const tenancy = createTenancy({ database: url, root, migrations: { shared: false } })
  onTestFinished(() => tenancy.close())
  return tenancy
}

test('a new tenant that differs from one with the same migrations is told, once, and one that does not differ is not', async () => {
  const tenancy = await tenancyWith(guarded)
  const warnings: string[] = []
  const hear = (warning: Error & { code?: string }): void => void warnings.push(`${warning.code}: ${warning.message}`)
  process.on('warning', hear)
  onTestFinished(() => void process.off('warning', hear))
  await tenancy.tenants.create({ schema: 'acme' })
  const found: unknown[] = []
  tenancy.on('tenant.differs', ({ tenant, like, differences }) => found.push([tenant.schema, like, differences]))
  await tenancy.tenants.create({ schema: 'globex' })
  await tenancy.tenants.create({ schema: 'initech' })
  expect(found).toEqual([['globex', 'acme', ['index "books.books_title"']]])
  await new Promise((resolve) => setImmediate(resolve))
  expect(warnings.filter((warning) => warning.startsWith('PARTYWALL'))).toEqual([
    expect.stringMatching(/^PARTYWALL_TENANT_DIFFERS: The new tenant "globex" differs from "acme".*index "books\.books_title"/),
  ])
})

test('tenants of the same files are alike', async () => {
  const tenancy = await tenancyWith('create table books (id serial primary key, title text)')
  const found: unknown[] = []
  tenancy.on('tenant.differs', (one) => found.push(one))
  for (const schema of ['acme', 'globex']) await tenancy.tenants.create({ schema })
  expect(found).toEqual([])
})
