/** `partywall run`, `psql` and `repl`: other programs in the scope of a tenant, as a person starts them. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { beforeAll, describe, expect, test } from 'vitest'
import { createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { expectFailure, project, type Project } from './partywall.ts'

const { url } = await testDatabase()
let cli: Project

/** A program that knows nothing of tenants. */
const seed = `
import { createTenancy } from 'partywall'
const tenancy = createTenancy({ database: process.env.DATABASE_URL })
await tenancy.pool.query('insert into notes (body) values ($1)', [process.argv.slice(2).join(' ')])
const client = await tenancy.pool.connect()
const { rows } = await client.query('select current_schema() as schema, count(*)::int as notes from notes')
client.release()
await tenancy.ready()
const nested = await tenancy.run('globex', () => tenancy.pool.query('select current_schema() as schema'))
console.log(JSON.stringify({ ...rows[0], current: tenancy.current().schema, nested: nested.rows[0].schema }))
await tenancy.close()
`

beforeAll(async () => {
  cli = await project(url, {
    'migrations/tenant/0001_notes.sql': 'create table notes (body text)',
    'seed.ts': seed,
    'fails.ts': `process.exit(process.env.PARTYWALL_TENANT === 'globex' ? 3 : 0)`,
    'waits.ts': `process.on('SIGTERM', () => { console.log('ended'); process.exit(0) }); console.log('waits'); setInterval(() => {}, 1000)`,
    'serves.ts': `
import { createTenancy, byHost } from 'partywall'
import { createAdmission } from 'partywall/http'
const tenancy = createTenancy({ database: process.env.DATABASE_URL, resolve: [byHost({ base: 'example.com' })] })
const admit = createAdmission(tenancy, { none: 'pass' })
await admit({ host: 'example.com' }).then(({ run }) => run(() => tenancy.pool.query('select body from notes')), (error) => console.log(error.code))
await tenancy.close()`,
  })
  await mkdir(join(cli.folder, 'node_modules'))
  await symlink(fileURLToPath(new URL('../..', import.meta.url)), join(cli.folder, 'node_modules/partywall'))
  for (const name of ['acme', 'globex', 'paused']) expect((await cli.run(`tenant create ${name}`)).code).toBe(0)
  expect((await cli.run('tenant suspend paused')).code).toBe(0)
})

/** What a program in the folder of the project writes. */
async function runProgram(text: string, env: NodeJS.ProcessEnv): Promise<string> {
  await writeFile(join(cli.folder, 'program.ts'), text)
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, 'program.ts'], {
    cwd: cli.folder,
    env: { ...env, DATABASE_URL: url },
  })
  return stdout
}

const node = [process.execPath, ...process.execArgv]

describe('run', () => {
  test('starts a program in one tenant, with its arguments untouched', async () => {
    const { code, stdout, stderr } = await cli.run([
      'run',
      '--tenant',
      'acme',
      '--',
      ...node,
      'seed.ts',
      '--tenant',
      'x y',
      '--help',
    ])
    expect(stderr).toBe('1 of 1 done\n')
    expect(JSON.parse(stdout)).toEqual({ schema: 'acme', notes: 1, current: 'acme', nested: 'globex' })
    expect(code).toBe(0)
    const { json } = await cli.run(['sql', '--json', '--tenant', 'acme', 'select body from notes'])
    expect(json.rows).toEqual([{ body: '--tenant x y --help' }])
  })

  test('a tenant that is named gets it whatever its status, by id too', async () => {
    const { json } = await cli.run('tenant show paused --json')
    const { code, stdout } = await cli.run(['run', '--tenant', json.id, '--', ...node, 'seed.ts', 'late'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'paused', notes: 1 })
  })

  test('--all is every active tenant, one after the other or several at a time, with lines marked', async () => {
    const one = await cli.run(['run', '--all', '--', ...node, 'seed.ts', 'a'])
    expect(one).toMatchObject({ code: 0, stderr: expect.stringMatching(/^acme:\nglobex:\n2 of 2 done\n$/) })
    const several = await cli.run(['run', '--all', '--concurrency', '2', '--', ...node, 'seed.ts', 'b'])
    expect(several.stdout.split('\n').toSorted()).toEqual([
      '',
      expect.stringMatching(/^acme \| \{"schema":"acme"/),
      expect.stringMatching(/^globex \| /),
    ])
  })

  test('a program that fails fails its tenant only, and the report says how; --on-failure stop leaves the rest', async () => {
    const { code, json, stderr } = await cli.run(['run', '--all', '--json', '--', ...node, 'fails.ts'])
    expect(code).toBe(1)
    expect(json).toMatchObject({
      ok: false,
      entries: [
        { target: 'acme', state: 'done', exitCode: 0 },
        { target: 'globex', state: 'failed', exitCode: 3, error: { message: 'The program ended with exit code 3.' } },
      ],
    })
    expect(stderr).toContain('globex: ')
    const stopped = await cli.run([
      'run',
      '--tenant',
      'globex',
      '--tenant',
      'acme',
      '--on-failure',
      'stop',
      '--json',
      '--',
      ...node,
      'fails.ts',
    ])
    expect(stopped.json.entries.map(({ target, state }: { target: string; state: string }) => [target, state])).toEqual([
      ['globex', 'failed'],
      ['acme', 'skipped'],
    ])
  })

  test('with --json what the program writes does not reach the document', async () => {
    const { json, stderr } = await cli.run(['run', '--json', '--tenant', 'acme', '--', ...node, '-e', 'console.log("noise")'])
    expect(json.entries).toEqual([
      expect.objectContaining({ target: 'acme', tenantId: expect.any(String), state: 'done', exitCode: 0 }),
    ])
    expect(stderr).toContain('noise')
  })

  test.each([
    ['no place', ['run', '--', 'true'], /missing --tenant <tenant> or --all/],
    ['two places', ['run', '--all', '--tenant', 'acme', '--', 'true'], /only one of/],
    ['no program', ['run', '--all'], /missing the program: write it after --/],
    ['a word before --', ['run', '--all', 'node', '--', 'x.ts'], /"node" stands before --/],
    [
      'a program that does not exist',
      ['run', '--all', '--', 'no-such-program-here'],
      /"no-such-program-here" cannot be started: .*PATH/,
    ],
    ['--kind without --all', ['run', '--tenant', 'acme', '--kind', 'x', '--', 'true'], /require --all/],
  ])('%s is wrong usage', async (_, call, message) => {
    const { code, stderr } = await cli.run(call)
    expect(stderr).toMatch(message)
    expect(code).toBe(2)
  })

  test('an unknown tenant is refused before any program starts', async () => {
    const ended = await cli.run(['run', '--json', '--tenant', 'missing', '--', ...node, 'seed.ts'])
    expectFailure(ended, 1, 'UNKNOWN_TENANT')
  })

  test('a signal ends the program that runs, and the rest is skipped', async () => {
    const child = cli.start(['run', '--all', '--', ...node, 'waits.ts'])
    let seen = ''
    child.stdout!.on('data', (data: Buffer) => {
      seen += String(data)
      if (seen === 'waits\n') child.kill('SIGTERM')
    })
    const [code] = await once(child, 'close')
    expect(seen).toBe('waits\nended\n')
    expect(code).toBe(143)
  })
})

describe('PARTYWALL_TENANT', () => {
  test.each([
    ['an unknown tenant', 'missing', 'UNKNOWN_TENANT'],
    ['a name that no tenant can have', 'a"b', 'UNKNOWN_TENANT'],
  ])('%s is refused at the first statement, and again at the next one', async (_, name, code) => {
    const env = { ...process.env, PARTYWALL_TENANT: name }
    const program = `
      import { createTenancy } from 'partywall'
      const tenancy = createTenancy({ database: process.env.DATABASE_URL })
      for (const ask of [() => tenancy.pool.query('select 1'), () => tenancy.pool.connect(), () => tenancy.ready()])
        await ask().catch((error) => console.log(error.code))
      await tenancy.close()`
    expect(await runProgram(program, env)).toBe(`${code}\n`.repeat(3))
  })

  test('empty is refused at the start', async () => {
    const program = `import { createTenancy } from 'partywall'\ntry { createTenancy({}) } catch (error) { console.log(error.code) }`
    expect(await runProgram(program, { ...process.env, PARTYWALL_TENANT: '' })).toBe('INVALID_OPTION\n')
  })

  test('no request is served under it: one without a tenant would run in that one', async () => {
    const { stdout } = await cli.run(['run', '--tenant', 'acme', '--', ...node, 'serves.ts'])
    expect(stdout).toBe('INVALID_OPTION\n')
  })
})

describe('psql', () => {
  test('is a session in the schema of the tenant, and the password is in no argument', async () => {
    const { code, stdout, stderr } = await cli.run([
      'psql',
      '--tenant',
      'acme',
      '--',
      '-At',
      '-c',
      'show search_path',
      '-c',
      'select current_schema()',
    ])
    expect(stderr).toBe('')
    expect(stdout).toBe('"acme", "public", "pg_temp"\nacme\n')
    expect(code).toBe(0)
  })

  test('fails as psql does, and needs a tenant', async () => {
    const failed = await cli.run(['psql', '--tenant', 'acme', '--', '-v', 'ON_ERROR_STOP=1', '-c', 'select * from missing'])
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('relation "missing" does not exist') })
    expect(await cli.run('psql')).toMatchObject({ code: 2, stderr: expect.stringContaining('missing --tenant') })
    const without = await cli.run(['psql', '--tenant', 'acme'], { env: { PATH: '/nowhere' } })
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('psql is not installed') })
  })

  test('takes the role of the tenant where it has one', async () => {
    const { url: own } = await testDatabase()
    const byRole = await project(own, {
      'partywall.config.ts': `import { defineConfig } from 'partywall'\nexport default defineConfig({ database: process.env.DATABASE_URL, boundary: 'role' })`,
    })
    expect((await byRole.run('tenant create acme')).code).toBe(0)
    const { stdout, stderr } = await byRole.run(['psql', '--tenant', 'acme', '--', '-At', '-c', 'select current_user'])
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^partywall_[0-9a-f]{32}\n$/)
  })
})

test('repl evaluates in the scope of the tenant, at each await', async () => {
  const lines = [
    `const own = async () => (await pool.query('select current_schema() as schema')).rows[0].schema`,
    `console.log('seen:' + await own())`,
    `await new Promise((resolve) => setTimeout(resolve, 5)); console.log('seen:' + await own(), tenant.schema, tenancy.current().schema)`,
    '.exit',
  ]
  const { code, stdout, stderr } = await cli.run('repl --tenant acme', { input: lines.map((line) => `${line}\n`).join('') })
  expect(stderr).toBe('')
  expect(stdout.match(/seen:.*/g)).toEqual(['seen:acme', 'seen:acme acme acme'])
  expect(code).toBe(0)
  expect(await cli.run('repl')).toMatchObject({ code: 2 })
})

test('a process that was started in a tenant is not another tenant when its schema is made again', async () => {
  const { url: own } = await testDatabase()
  const tenancy = createTenancy({ database: own, migrations: { shared: false, tenant: false } })
  await tenancy.tenants.create({ schema: 'once' })
  process.env['PARTYWALL_TENANT'] = 'once'
  const started = createTenancy({ database: own })
  delete process.env['PARTYWALL_TENANT']
  expect((await started.pool.query('select current_schema() as schema')).rows).toEqual([{ schema: 'once' }])
  const client = new Client(own)
  await client.connect()
  await client.query('drop schema once cascade; create schema once')
  await client.end()
  await expect(started.pool.query('select 1')).rejects.toMatchObject({
    code: expect.stringMatching(/TENANT_CHANGED|SCHEMA_MISSING/),
  })
  await started.close()
  await tenancy.close()
})
