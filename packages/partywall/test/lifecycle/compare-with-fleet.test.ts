/** The first new tenant of a process is compared with one that has the same migrations: what the review cannot see shows in the result. */
import { Client } from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTenancy, type Boundary, type Config, type Tenancy } from 'partywall'
import { testDatabase } from '../support/servers/database.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
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

describe('tenants with different boundaries', () => {
  const boundaries = ['path', 'role', 'login'] as const
  const pairs = boundaries.flatMap((first) => boundaries.filter((one) => one !== first).map((second) => [first, second] as const))
  /** One of each kind of object, with rights that a migration gives. */
  const books = `create table books (id serial primary key, title text); create view titles as select title from books;
    create sequence numbers; create function one() returns int language sql as 'select 1'; create type mood as enum ('good');
    grant select on books to pg_monitor; grant truncate on books to current_user`

  test('are alike, in each order, and one that lacks what a migration makes is told', async () => {
    const { directUrl, url } = await testDatabase()
    const { app, deploy, appRole } = await leastPrivilege(directUrl, url)
    const root = await folderForTest({ 'migrations/tenant/0001_books.sql': books })
    const admin = new Client(directUrl)
    await admin.connect()
    onTestFinished(() => admin.end())
    const found: unknown[] = []
    let made = 0
    const create = async (boundary: Boundary, change?: (schema: string) => string): Promise<void> => {
      const database = { connectionString: app, deploy, loginKey: 'k'.repeat(40) }
      // A tenancy of its own: a process compares once.
      const tenancy = createTenancy({ database, root, boundary })
      tenancy.on('tenant.differs', ({ differences }) => found.push([boundary, ...differences]))
      try {
        if (made === 0) await tenancy.migrations.run()
        // So that there is one to compare with.
        else await admin.query(`update partywall.tenants set status = 'archived' where schema <> 't${made}'`)
        const { schema } = await tenancy.tenants.create({ schema: `t${(made += 1)}` })
        if (change !== undefined) await admin.query(change(schema))
      } finally {
        await tenancy.close()
      }
    }
    for (const [first, second] of pairs) {
      await create(first)
      await create(second)
    }
    expect(found).toEqual([])
    // What no boundary gives is compared, also where boundaries differ.
    await create('path', (schema) => `grant truncate on ${schema}.books to ${appRole}; drop view ${schema}.titles`)
    found.splice(0)
    await create('role')
    expect(found).toEqual([['role', 'table "books"', 'view "titles"']])
  })

  test('one whose schema another role owns, as before an upgrade, is like a new one', async () => {
    const { directUrl, url, name } = await testDatabase()
    const { app, deploy, appRole } = await leastPrivilege(directUrl, url)
    const root = await folderForTest({ 'migrations/tenant/0001_books.sql': books })
    const found: unknown[] = []
    const open = (config: Config): Tenancy => {
      const tenancy = createTenancy({ root, ...config })
      tenancy.on('tenant.differs', (one) => found.push(one))
      onTestFinished(() => tenancy.close())
      return tenancy
    }
    const admin = new Client(directUrl)
    await admin.connect()
    onTestFinished(() => admin.end())
    await admin.query(
      `grant ${appRole} to ${new URL(deploy).username}; grant create on database "${name}" to ${appRole}; grant create on schema public to ${appRole}`,
    )
    const before = open({ database: app })
    await before.migrations.run()
    await before.tenants.create({ schema: 'acme' })
    await admin.query(`reassign owned by ${appRole} to ${new URL(deploy).username}; alter schema acme owner to ${appRole};
      alter table acme.books owner to ${appRole}; alter function acme.one() owner to ${appRole}`)
    await open({ database: { connectionString: app, deploy } }).tenants.create({ schema: 'globex' })
    expect(found).toEqual([])
  })
})
