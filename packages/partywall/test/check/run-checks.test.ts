/** The runner: a check that fails is a finding, one without its facts is named, and no id has two meanings. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { checks } from '../../src/check/checks.ts'
import { defineCheck } from '../../src/check/check.ts'
import { runChecks } from '../../src/check/run-checks.ts'
import { oldestPg } from '../../src/check/tested-packages.ts'
import { findingIds } from '../../src/findings.ts'

const facts = { root: '/', ownFile: '/x.js' }
const describe = (error: unknown): string => String(error)

test('a check that fails is an error with its id, and the others run', async () => {
  const broken = defineCheck({
    id: 'PW-002',
    title: 'broken',
    needs: [],
    run: () => {
      throw new Error('no such thing')
    },
  })
  const later = defineCheck({ id: 'PW-003', title: 'later', needs: [], run: () => [{ severity: 'info', seen: 'a', fix: 'b' }] })
  const { ok, findings } = await runChecks([broken, later], { facts, absent: {}, describe })
  expect(ok).toBe(false)
  expect(findings).toMatchObject([
    { id: 'PW-002', severity: 'error', seen: 'the check itself failed: Error: no such thing' },
    { id: 'PW-003', severity: 'info' },
  ])
})

test('a check without its facts is left out by name, and says why', async () => {
  const needy = defineCheck({ id: 'PW-008', title: 'logins', needs: ['config', 'database'], run: () => [] })
  const report = await runChecks([needy], {
    facts: { ...facts, config: {} as any },
    absent: { database: 'it is away' },
    describe,
  })
  expect(report).toEqual({ ok: true, findings: [], leftOut: [{ id: 'PW-008', title: 'logins', why: 'it is away' }] })
})

test('errors come first, and warnings leave the report in order', async () => {
  const both = defineCheck({
    id: 'PW-002',
    title: 'both',
    needs: [],
    run: () => [
      { severity: 'warning', seen: 'w', fix: '' },
      { severity: 'error', seen: 'e', fix: '' },
    ],
  })
  const report = await runChecks([both], { facts, absent: {}, describe })
  expect(report.findings.map(({ seen }) => seen)).toEqual(['e', 'w'])
  const softened = { ...both, run: async () => (await both.run(facts)).slice(0, 1) }
  expect((await runChecks([softened], { facts, absent: {}, describe })).ok).toBe(true)
})

test('every id is given once, and every check has one', () => {
  expect(new Set(findingIds).size).toBe(findingIds.length)
  const ids = checks.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids).toEqual(findingIds.filter((id) => id < 'PW-101'))
})

test('docs/check.md has a row for each check with its title, and no other', async () => {
  const page = await readFile(new URL('../../../../docs/check.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| (PW-\d{3}) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)].map(([, id, title]) => ({ id, title }))
  expect(rows).toEqual(checks.map(({ id, title }) => ({ id, title })))
})

test('the oldest version of pg is that of the peer dependency', async () => {
  const { peerDependencies } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    peerDependencies: Record<string, string>
  }
  expect(peerDependencies['pg']).toBe(`^${oldestPg.major}.${oldestPg.minor}.0`)
})
