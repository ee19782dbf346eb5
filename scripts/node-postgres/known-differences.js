// The list of the differences in docs/node-postgres.md: the script compares it with what it finds.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const page = resolve(import.meta.dirname, '../../docs/node-postgres.md')

/** Whether a row of the list is about a difference. A test that ends with * stands for all tests that begin like it. */
export function isAbout(row, { suite, test }) {
  if (row.suite !== suite) return false
  return row.test.endsWith('*') ? test.startsWith(row.test.slice(0, -1)) : row.test === test
}

/** @returns {{ suite: string, test: string, reason: string }[]} */
export function knownDifferences() {
  const [, section = ''] = readFileSync(page, 'utf8').split('\n## The differences\n')
  const [table] = section.split('\n## ')
  const rows = table.split('\n').filter((line) => line.startsWith('| `'))
  return rows.map((row) => {
    const [, suite, test, reason] = row.match(/^\| `(.*?)` \| `(.*?)` \| (.*) \|$/) ?? [undefined, '', row, '']
    return { suite, test, reason }
  })
}
