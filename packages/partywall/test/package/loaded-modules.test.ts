/** What a program loads with partywall: each module costs start-up time, and those of development have no place in production. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { bin, project } from '../cli/partywall.ts'
import { testDatabase } from '../support/servers/database.ts'
import { folderForTest } from '../support/tenants/registry.ts'

const workspace = fileURLToPath(new URL('../../', import.meta.url))

test('a program that serves tenants loads only the rooms that requests need', async () => {
  const { url } = await testDatabase()
  const { createTenancy } = await import('../../src/index.ts')
  const config = { database: url, migrations: { shared: false, tenant: false } } as const
  const tenancy = createTenancy(config)
  await tenancy.tenants.create({ schema: 'acme', domains: ['acme.example.com'] })
  await tenancy.close()
  const request = `tenancy.run({ domain: 'acme.example.com' }, () => tenancy.pool.query('select 1'))`
  const loaded = await modulesOf(config, request)
  expect(loaded).toContain('src/tenancy.ts')
  expect(roomsOf(loaded).filter((room) => !served.includes(room))).toEqual([])
  // What a run of migrations needs is loaded by the first run.
  expect(loaded.filter((path) => path.startsWith('src/migrations/run/'))).toEqual([
    'src/migrations/run/run.ts',
    'src/migrations/run/run-options.ts',
  ])
})

test('a command loads only its own files, and its help loads nothing of the library', async () => {
  const { url } = await testDatabase()
  const { folder } = await project(url)
  const help = await modulesOfCommand(['tenant', 'list', '--help'], folder, url)
  expect(roomsOf(help).filter((room) => room.startsWith('cli/'))).toEqual(['cli/context', 'cli/tenant', 'cli/terminal'])
  expect(help.filter((path) => path.startsWith('src/cli/tenant/'))).toEqual([
    'src/cli/tenant/tenant.ts',
    'src/cli/tenant/list.ts',
  ])
  expect(roomsOf(help).filter((room) => /^(?:database|lifecycle|resolve|migrations\/(?!sources$))/.test(room))).toEqual([])
  const list = roomsOf(await modulesOfCommand(['domain', 'list'], folder, url))
  expect(list).toContain('database/pool')
  expect(list.filter((room) => !served.includes(room))).toEqual(['cli', 'cli/context', 'cli/domain', 'cli/terminal'])
})

test('a program that only queries does not load the grammar for the review of migrations', async () => {
  const { url } = await testDatabase()
  const query = `tenancy.sharedPool.query('select 1')`
  expect((await urlsOf({ database: url }, query)).filter((loaded) => loaded.includes('libpg-query'))).toEqual([])
  const { createTenancy } = await import('../../src/index.ts')
  const root = await folderForTest({ 'migrations/tenant/0001_a.sql': 'create table a (id int)', 'migrations/shared/.keep': '' })
  const tenancy = createTenancy({ database: url, root })
  await tenancy.tenants.create({ schema: 'acme' })
  await tenancy.close()
  expect(
    (await urlsOf({ database: url, root }, 'tenancy.migrations.run()')).filter((loaded) => loaded.includes('libpg-query')),
  ).toEqual([])
  const create = `tenancy.tenants.create({ schema: 'globex' })`
  expect((await urlsOf({ database: url, root }, create)).some((loaded) => loaded.includes('libpg-query'))).toBe(true)
})

test('a program without a database loads the embedded server when it needs one', async () => {
  const loaded = await modulesOf({ root: await folderForTest({}) })
  expect(loaded).toContain('src/embedded/embedded.ts')
})

/** The rooms that serve requests. Work that is done once in a while is in none of them, and is loaded when it begins. */
const served = [
  'catalog',
  'catalog/audit',
  'catalog/domains',
  'catalog/install',
  'catalog/install/migrations',
  'catalog/members',
  'catalog/relations',
  'catalog/roles',
  'catalog/tenants',
  'config',
  'database',
  'database/binding',
  'database/boundary',
  'database/logins',
  'database/pool',
  'database/probe',
  'database/watch',
  'fleet',
  'fleet/across',
  'lifecycle/entry',
  'migrations/history',
  'migrations/plan',
  'migrations/review',
  'migrations/run',
  'migrations/shape',
  'migrations/sources',
  'migrations/sources/files',
  'migrations/sources/folder',
  'names',
  'observe/meter',
  'resolve',
  'scope',
  'settings',
  'sql',
]

function roomsOf(modules: readonly string[]): string[] {
  const folders = modules.filter((path) => path.startsWith('src/')).map((path) => posix.dirname(path).slice('src/'.length))
  return [...new Set(folders)].filter((folder) => folder !== '').toSorted()
}

/** The modules of partywall that a process has loaded when its tenancy is ready and `work` is done, relative to the package. */
async function modulesOf(config: object, work?: string): Promise<string[]> {
  return ofPackage(await urlsOf(config, work))
}

async function modulesOfCommand(call: readonly string[], folder: string, url: string): Promise<string[]> {
  const hook = `
    import { writeFileSync } from 'node:fs'
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
    process.on('exit', () => writeFileSync('loaded.json', JSON.stringify(loaded)))`
  const node = ['--import', `data:text/javascript,${encodeURIComponent(hook)}`, bin, ...call]
  await promisify(execFile)(process.execPath, node, { cwd: folder, env: { ...process.env, DATABASE_URL: url } })
  return ofPackage(JSON.parse(await readFile(join(folder, 'loaded.json'), 'utf8')) as string[])
}

function ofPackage(urls: readonly string[]): string[] {
  return urls
    .filter((url) => url.startsWith('file:'))
    .map((url) => fileURLToPath(url))
    .filter((path) => path.startsWith(workspace))
    .map((path) => path.slice(workspace.length))
}

/** @param work an expression that the program awaits when the tenancy is ready */
async function urlsOf(config: object, work = ''): Promise<string[]> {
  const program = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
    const { createTenancy } = await import('partywall')
    const tenancy = createTenancy(${JSON.stringify(config)})
    await tenancy.ready()
    await (${work || 'undefined'})
    await tenancy.close()
    console.log(JSON.stringify(loaded))`
  const node = [...process.execArgv, '--input-type=module', '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, node, { cwd: workspace })
  return JSON.parse(stdout) as string[]
}
