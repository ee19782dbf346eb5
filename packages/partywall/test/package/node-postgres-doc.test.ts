/** The list of differences in docs/node-postgres.md: scripts/test-node-postgres.js reads it, and it must not lose a reason or its versions. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './declarations.ts'

const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8')
const page = await read('docs/node-postgres.md')
const section = (title: string): string => page.split(`\n## ${title}\n`)[1]!.split('\n## ')[0]!
const cellsOf = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => /^\| [^-]/.test(line))
    .slice(1)
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))

test('each difference has a suite, a test and a reason, and stands on the list once', () => {
  const rows = cellsOf(section('The differences'))
  expect(rows.length).toBeGreaterThan(10)
  const suites = cellsOf(section('The figures')).map(([suite]) => `\`${suite}\``)
  for (const [suite, title, reason, ...others] of rows) {
    expect(suites).toContain(suite)
    expect(title).toMatch(/^`[\w/-]+\.(js|ts): [^`]+`$/)
    expect(reason!.length).toBeGreaterThan(20)
    expect(others).toEqual([])
  }
  expect(new Set(rows.map(([suite, title]) => `${suite} ${title}`)).size).toBe(rows.length)
})

test('the figures are those of the list', () => {
  const rows = cellsOf(section('The differences'))
  for (const [suite, stock, ours] of cellsOf(section('The figures'))) {
    const differences = rows.filter(([of]) => of === `\`${suite}\``)
    // A row with * stands for several.
    if (differences.some(([, title]) => title!.endsWith('*`')))
      expect(Number(stock) - Number(ours)).toBeGreaterThan(differences.length)
    else expect(Number(stock) - Number(ours)).toBe(differences.length)
  }
})

test('the suites are those that the script fetches, and ran against the versions that are installed', async () => {
  const { devDependencies } = JSON.parse(await read('package.json')) as { devDependencies: Record<string, string> }
  const script = await read('scripts/test-node-postgres.js')
  const [, tag] = /const tag = 'pg@(.*)'/.exec(script)!
  const versions = section('Versions').replaceAll('\n', ' ')
  expect(versions).toContain(`The suites are those of pg ${tag},`)
  expect(versions).toContain(`ran against pg ${devDependencies['pg']},`)
  expect(versions).toContain(
    `pg-cursor ${devDependencies['pg-cursor']} and pg-query-stream ${devDependencies['pg-query-stream']}, with`,
  )
})
