/** A database for each worker, and its tenants: made once, copied, emptied, dropped; also after a kill. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { byHost, createTenancy, type Tenancy } from 'partywall'
import { openTestDatabase, type TestDatabase } from 'partywall/testing'
import { expect, onTestFinished, test } from 'vitest'
import { asAdmin, serverUrl } from '../support/servers/database.ts'
import { project } from './project.ts'

const server = serverUrl()
const root = await project()
const open = (url: string): Tenancy =>
  createTenancy({ root, database: url, resolve: [byHost({ base: 'example.com' })], migrations: { template: true } })

async function database(options: Partial<Parameters<typeof openTestDatabase<Tenancy>>[0]> = {}): Promise<TestDatabase<Tenancy>> {
  const opened = await openTestDatabase({ open, server, ...options })
  onTestFinished(() => opened.close())
  return opened
}

const databases = (like: string): Promise<string[]> =>
  asAdmin(async (admin) => {
    const { rows } = await admin.query('select datname from pg_database where datname like $1 order by 1', [like])
    return rows.map(({ datname }) => datname)
  })
const nameOf = ({ url }: { readonly url: string }): string => new URL(url).pathname.slice(1)

test('two databases of one template are apart, have all migrations, and are dropped', async () => {
  const [a, b] = await Promise.all([database(), database()])
  expect((await a.tenancy.sharedPool.query('select name from plans')).rows).toEqual([{ name: 'free' }])
  await a.tenancy.sharedPool.query(`insert into plans values ('of a')`)
  expect((await b.tenancy.sharedPool.query('select name from plans')).rows).toEqual([{ name: 'free' }])
  await a.close()
  expect(await databases(nameOf(a))).toEqual([])
  expect(await databases(nameOf(b))).toEqual([nameOf(b)])
})

test('what prepares the template runs once for it; another migration or key gives another one', async () => {
  let prepared = 0
  const prepare = async (tenancy: Tenancy): Promise<void> => {
    prepared += 1
    await tenancy.sharedPool.query(`insert into plans values ('gold')`)
  }
  const key = `prepared ${Math.random()}`
  const first = await database({ prepare, key })
  const second = await database({ prepare, key })
  expect(prepared).toBe(1)
  expect((await second.tenancy.sharedPool.query('select name from plans order by 1')).rows).toEqual([
    { name: 'free' },
    { name: 'gold' },
  ])
  await database({ prepare, key: `${key} again` })
  expect(prepared).toBe(2)
  await writeFile(join(root, 'migrations/shared/0002_more.sql'), 'create table more (id int)')
  const third = await database({ prepare, key })
  expect(prepared).toBe(3)
  expect((await third.tenancy.sharedPool.query('select from more')).rowCount).toBe(0)
  await expect(first.tenancy.sharedPool.query('select from more')).rejects.toThrow('more')
})

test('a template whose making failed is made again', async () => {
  const key = `failing ${Math.random()}`
  let fails = true
  const prepare = (): void => {
    if (fails) throw new Error('not today')
  }
  await expect(database({ prepare, key })).rejects.toThrow('not today')
  fails = false
  await database({ prepare, key })
})

test('a test tenant is new at each call, with what it is asked for, and complete', async () => {
  const { tenancy, tenant } = await database()
  const made = [await tenant(), await tenant(), await tenant(), await tenant(), await tenant()]
  expect(new Set(made.map(({ id }) => id)).size).toBe(5)
  for (const one of made) {
    expect(one.schema).toMatch(/^t_\w+_[0-9a-f]{10}$/)
    expect(await tenancy.run(one, async () => (await tenancy.pool.query('select value from settings')).rows)).toEqual([
      { value: 'dark' },
    ])
  }
  const named = await tenant({ schema: 'acme', domains: ['www.acme.org'], name: 'Acme' })
  expect(named).toMatchObject({ schema: 'acme', name: 'Acme' })
  expect(await tenancy.tenants.get('www.acme.org')).toMatchObject({ id: named.id })
})

// As FastTenantTestCase of django-tenants.
test('a tenant that is used again is made once, and has its first rows and numbers again; its history stays', async () => {
  const { tenancy, tenant } = await database()
  const work = async () => {
    await tenancy.pool.query(`insert into projects (title) values ('a'), ('b')`)
    await tenancy.pool.query(`insert into tasks (project, title) values (1, 'x')`)
    await tenancy.pool.query(`update settings set value = 'light'`)
    return (await tenancy.pool.query('select id from projects order by id')).rows
  }
  const seen = async () =>
    (
      await tenancy.pool.query(
        'select (select count(*)::int from projects) as projects, (select count(*)::int from tasks) as tasks, value from settings',
      )
    ).rows[0]
  const history = async () => (await tenancy.pool.query('select * from partywall_migrations')).rows
  const first = await tenant({ reuse: true })
  const before = await tenancy.run(first, history)
  for (let time = 0; time < 2; time++) {
    expect(await tenancy.run(first, work)).toEqual([{ id: 1 }, { id: 2 }])
    const again = await tenant({ reuse: true })
    expect(again.id).toBe(first.id)
    expect(await tenancy.run(again, seen)).toEqual({ projects: 0, tasks: 0, value: 'dark' })
    expect(await tenancy.run(again, history)).toEqual(before)
  }
  expect((await tenant({ reuse: 'other' })).id).not.toBe(first.id)
})

test('the database of a run that was killed is dropped by the next one, and no other', async () => {
  const kept = await database()
  const program = `
    import { open } from './config.ts'
    import { openTestDatabase } from 'partywall/testing'
    const { url } = await openTestDatabase({ open, server: ${JSON.stringify(server)} })
    console.log(new URL(url).pathname.slice(1))
    setInterval(() => {}, 1000)`
  await writeFile(join(root, 'killed.ts'), program)
  const child = spawn(process.execPath, [...process.execArgv, 'killed.ts'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
  expect(await databases(line.trim())).toEqual([line.trim()])
  await (await database()).close()
  expect(await databases(line.trim())).toEqual([line.trim()])
  child.kill('SIGKILL')
  await once(child, 'exit')
  await expect.poll(async () => (await database()).close().then(() => databases(line.trim())), { timeout: 30_000 }).toEqual([])
  expect(await databases(nameOf(kept))).toEqual([nameOf(kept)])
})

test.each([
  [{ open: 1 }, 'takes a function'],
  [{ open, serve: server }, 'Did you mean "server"?'],
])('%o is refused', async (options, reason) => {
  await expect(openTestDatabase(options as never)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining(reason),
  })
})

test.each(['not an address', 'postgres://a@b@c/d'])('the server %j is refused without its text', async (given) => {
  const refused = openTestDatabase({ open, server: given })
  await expect(refused).rejects.toMatchObject({ code: 'INVALID_OPTION', message: expect.not.stringContaining(given) })
})

test('a role that may not create databases is told so', async () => {
  await asAdmin(async (admin) => {
    await admin.query(`drop role if exists partywall_poor; create role partywall_poor login password 'x'`)
    const url = Object.assign(new URL(server), { username: 'partywall_poor', password: 'x' }).href
    await expect(openTestDatabase({ open, server: url })).rejects.toMatchObject({
      code: 'NOT_PERMITTED',
      message: expect.stringContaining('createdb'),
    })
    await admin.query('drop role partywall_poor')
  })
})
