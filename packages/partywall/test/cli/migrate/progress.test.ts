/** Progress of a fleet: a bar on a terminal, a line every few seconds in a log, nothing with --json. */
import { describe, expect, test } from 'vitest'
import { fleetProject, hasTerminal, uniqueSql } from './fleet-project.ts'

const eraseLine = '\r\u001b[2K'
/** 25 schemas are too many for a line each; at 2 a time this takes a second or more. */
const slowSql = 'select pg_sleep(0.1)'

test('migrate without a terminal prints one line at the start, the failures, and the report', async () => {
  const { run, rows, write } = await fleetProject(25)
  await rows(`insert into t07.polls values ('twice'), ('twice')`)
  await write({ '0002_unique.sql': uniqueSql })
  const migrated = await run('migrate')
  expect(migrated.code).toBe(1)
  const lines = migrated.stderr.trimEnd().split('\n')
  expect(lines).toEqual([
    'migrating 25 schemas',
    expect.stringMatching(/^t07: error MIGRATION_FAILED: /),
    expect.stringMatching(/^ {2}cause: /),
  ])
  expect(migrated.stdout).toMatch(/^24 of 26 migrated, 1 up to date, 1 failed .*\nFailed: t07: alter table .*\n$/)
})

test('migrate --json prints one document on stdout, and on stderr only what a migration prints', async () => {
  const { run, rows, write } = await fleetProject(25)
  await rows(`insert into t07.polls values ('twice'), ('twice')`)
  await write({ '0002_unique.sql': uniqueSql })
  const migrated = await run('migrate --json')
  expect(migrated).toMatchObject({ code: 1, stderr: '' })
  expect(migrated.json.entries).toHaveLength(26)
  await rows('delete from t07.polls')
  await write({ '0003_loud.ts': `export const up = () => console.log('loud')` })
  const loud = await run('migrate --json')
  expect(loud.json.ok).toBe(true)
  expect(loud.stderr).toBe('loud\n'.repeat(25))
})

describe.runIf(hasTerminal)('migrate on a terminal', () => {
  test('shows one bar, redrawn in its place, with failures above it, and erases it', async () => {
    const { onTerminal, rows, write } = await fleetProject(25)
    await rows(`insert into t07.polls values ('twice'), ('twice')`)
    await write({
      '0002_unique.sql': uniqueSql,
      '0003_slow.sql': slowSql,
      '0004_loud.ts': `export const up = () => console.log('loud')`,
    })
    const { code, seen } = await onTerminal('migrate --concurrency 2')
    expect(code).toBe(1)
    const drawn = seen.split(eraseLine).filter((part) => part.startsWith('migrating ['))
    expect(drawn.length).toBeGreaterThan(5)
    expect(drawn.at(-1)).toMatch(/^migrating \[=+>? *\] +\d+\/25 {2}[\d.]+\/s( {2}\d+ s left)? {2}1 failed/)
    const shown = seen.split('\r\n').map((line) => line.split(eraseLine).at(-1)!)
    expect(shown.filter((line) => line === 'loud')).toHaveLength(24)
    expect(shown.filter((line) => line !== 'loud')).toEqual([
      expect.stringMatching(/^t07: error MIGRATION_FAILED: /),
      expect.stringMatching(/^ {2}cause: /),
      expect.stringMatching(/^24 of 26 migrated, 1 up to date, 1 failed/),
      expect.stringMatching(/^Failed: t07: alter table .* migrate --resume$/),
      '',
    ])
  })

  test('prints lines where the terminal cannot redraw', async () => {
    const { onTerminal, write } = await fleetProject(25)
    await write({ '0002_more.sql': 'create table more ()' })
    const { code, seen } = await onTerminal('migrate', { TERM: 'dumb' })
    expect(code).toBe(0)
    expect(seen).toMatch(/^migrating 25 schemas\r\n25 of 26 migrated, 1 up to date \(.*\)\r\n$/)
  })
})
