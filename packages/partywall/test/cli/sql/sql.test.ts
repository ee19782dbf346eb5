/** `sql`: the exact values of PostgreSQL, in one tenant, in all, and in the shared schema. */
import { once } from 'node:events'
import { Client } from 'pg'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { openRegistry } from '../../support/tenants/registry.ts'
import { ended, expectFailure, project, type Ended } from '../partywall.ts'

const { url } = await testDatabase()

beforeAll(async () => {
  const { create, close, tenants } = openRegistry(url)
  for (const schema of ['acme', 'bolt', 'corp']) await create({ schema })
  await tenants.setStatus('corp', 'suspended')
  await close()
  const { run } = await project(url)
  await run(['sql', '--tenant', 'acme', 'create table notes (id int); insert into notes values (1), (2)'])
})

describe.concurrent('sql', () => {
  test('prints JSON values as PostgreSQL gives them', async () => {
    const { run } = await project(url)
    const statement = `select 9007199254740993 as big, 1.10 as exact, 'NaN'::float8 as nan, true as yes, null as nothing, '{"a":[1]}'::jsonb as doc,
      array['x', 'y'] as list, timestamptz '2020-01-01 00:00:00.123456Z' as at, 'é"\n' as text, 1 as twice, 2 as twice`
    const one = await run(['sql', '--tenant', 'acme', '--json', statement])
    expect(one).toMatchObject({ code: 0, stderr: '' })
    expect(one.stdout).toContain('"big": 9007199254740993')
    expect(one.stdout).toContain('"exact": 1.10')
    expect(one.json).toMatchObject({
      target: 'acme',
      tenantId: expect.any(String),
      command: 'SELECT',
      rowCount: 1,
      rows: [{ nan: 'NaN', yes: true, nothing: null, doc: { a: [1] }, list: ['x', 'y'], text: 'é"\n', twice: 1, twice_2: 2 }],
    })
    expect(one.json.columns.slice(-2)).toEqual(['twice', 'twice_2'])
    expect(one.json.rows[0].at).toMatch(/^\d{4}-.*\.123456[+-]\d\d$/)
  })

  test('prints a table for people', async () => {
    const { run } = await project(url)
    const rows = await run(['sql', '--tenant', 'acme', "select 1 as n, 'a\nb' as t union all select 100, null order by 1"])
    expect(rows.stdout).toBe('  n  t\n  1  a\\nb\n100  null\n')
    const several = await run([
      'sql',
      '--shared',
      'create table if not exists made (id int); insert into made values (1), (2); select count(*) from made where false',
    ])
    expect(several.stdout).toBe('CREATE\n\nINSERT 2\n\ncount\n    0\n')
  })

  test('reads stdin, and runs in the shared schema', async () => {
    const { run } = await project(url)
    const shared = await run('sql --shared --json -', { input: 'select current_schema() as at;\n-- done\n' })
    expect(shared.json).toMatchObject({ target: 'shared', rows: [{ at: 'public' }] })
  })

  test('--all runs in every active tenant, and one that fails does not hide the others', async () => {
    const { run } = await project(url)
    const all = await run(['sql', '--all', '--json', 'select current_schema() as at'])
    expect(all.code).toBe(0)
    expect(all.json).toMatchObject({
      ok: true,
      entries: [
        { target: 'acme', state: 'done', rows: [{ at: 'acme' }] },
        { target: 'bolt', state: 'done', rows: [{ at: 'bolt' }] },
      ],
    })
    const some = await run(['sql', '--all', '--json', 'select count(*) from notes'])
    expect(some.code).toBe(1)
    expect(some.json).toMatchObject({
      ok: false,
      entries: [
        { target: 'acme', rows: [{ count: 2 }] },
        { target: 'bolt', state: 'failed', error: { code: 'DATABASE_ERROR', sqlState: '42P01' } },
      ],
    })
    const text = await run(['sql', '--all', 'select count(*) from notes'])
    expect(text.stdout).toBe('tenant  count\nacme        2\n')
    expect(text.stderr).toMatch(/^bolt: error DATABASE_ERROR: .*"notes".*\n {2}SQLSTATE: 42P01\n1 of 2 done; 1 failed: bolt\n$/)
  })

  test('--all runs in the tenants that --kind and --status select', async () => {
    const { run } = await project(url)
    const targets = async (flags: string): Promise<string[]> => {
      const { code, json } = await run(['sql', '--all', '--json', ...flags.split(' '), 'select 1'])
      expect(code).toBe(0)
      return (json.entries as { target: string }[]).map(({ target }) => target)
    }
    expect(await targets('--status suspended')).toEqual(['corp'])
    expect(await targets('--status suspended --status active --kind default')).toEqual(['acme', 'bolt', 'corp'])
    const unknown = expectFailure(await run('sql --all --kind defualt --json select'), 2, 'UNKNOWN_KIND')
    expect(unknown.message).toContain('Did you mean "default"?')
  })

  test('--tenant runs in a suspended tenant, too', async () => {
    const { run } = await project(url)
    expect((await run('sql --tenant corp --json show\tsearch_path')).code).toBe(0)
  })

  test.each([
    ['vacuum', 'NEEDS_SESSION', 'VACUUM'],
    ['begin', 'UNSAFE_STATEMENT', 'BEGIN is refused: all statements of a call are one transaction already'],
    ['select 1; commit; select 2', 'UNSAFE_STATEMENT', 'COMMIT is refused'],
    ['begin; select 1', 'UNSAFE_STATEMENT', 'BEGIN is refused'],
    ['select lastval()', 'UNSAFE_STATEMENT', 'lastval()'],
    ['select * from nowhere', 'DATABASE_ERROR', '"nowhere"'],
    ['selec 1', 'DATABASE_ERROR', 'syntax error at or near "selec"'],
  ])('reports why %s fails', async (statement, code, words) => {
    const { run } = await project(url)
    expect(expectFailure(await run(['sql', '--tenant', 'acme', '--json', statement]), 1, code).message).toContain(words)
  })

  test('prints the SQLSTATE, the line, the detail and the hint of an error in the SQL that was typed', async () => {
    const { run } = await project(url)
    const sql = (text: string, ...flags: string[]): Promise<Ended> => run(['sql', '--tenant', 'acme', ...flags, text])
    await sql('create table keyed (id int primary key, title text)')
    expect((await sql('insert into keyed values (1), (1)')).stderr).toBe(
      'error DATABASE_ERROR: duplicate key value violates unique constraint "keyed_pkey"\n' +
        '  SQLSTATE: 23505\n  detail: Key (id)=(1) already exists.\n',
    )
    expect((await sql('select k.titel from keyed k', '--json')).json.error).toEqual({
      code: 'DATABASE_ERROR',
      message: 'column k.titel does not exist',
      sqlState: '42703',
      hint: 'Perhaps you meant to reference the column "k.title".',
    })
    const several = await sql('select 1;\n\nselect 2 from keyed\nwhere tite = 1')
    expect(several.stderr).toMatch(/ {2}SQLSTATE: 42703\n {2}line: 4\n {2}hint: /)
  })

  test('ends with the exit code of the signal, and with one document', async () => {
    const { start } = await project(url)
    const child = start('sql --tenant acme --json select\tpg_sleep(30)')
    const end = ended(child)
    await aStatementSleeps()
    child.kill('SIGTERM')
    expect(expectFailure(await end, 143, 'INTERRUPTED').message).toContain('SIGTERM')
  })

  test('is done when its reader closes the pipe early', async () => {
    const { start } = await project(url)
    const child = start("sql --tenant acme select\trepeat('x',1000)from\tgenerate_series(1,5000)")
    child.stdout!.destroy()
    let stderr = ''
    child.stderr!.on('data', (data: Buffer) => (stderr += String(data)))
    const [code] = await once(child, 'close')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})

async function aStatementSleeps(): Promise<void> {
  const admin = new Client(url)
  await admin.connect()
  const sleepers = `select pid from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`
  // Not expect.poll: it needs the current test, which vitest loses when a concurrent test ends.
  await vi.waitFor(async () => expect((await admin.query(sleepers)).rowCount).toBe(1), 20_000)
  await admin.end()
}
