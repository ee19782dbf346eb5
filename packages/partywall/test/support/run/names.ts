/** How test databases are called: pwt_<run>_<test file>. PostgreSQL keeps 63 bytes of a name. */
import { createHash } from 'node:crypto'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Client } from 'pg'

export const runIdForm = /^pwt_([0-9a-f]{8})_/
/** The comment of a database that a failed test file left for a look begins so. */
export const keptMark = 'kept by partywall tests'

const root = fileURLToPath(new URL('../../../../..', import.meta.url))
const maxSlugLength = 63 - 'pwt_12345678_'.length - '_99'.length

/**
 * `packages/partywall/test/isolation/races.test.ts` -> `partywall_isolation_races`, the same in every run; a file that runs a second
 * time through the pooler has a database of its own there.
 */
export function slugOf(testFile: string, route: 'direct' | 'pgbouncer'): string {
  const path = `${route === 'direct' ? '' : `${route}/`}${relative(root, testFile)}`
  const words = path.replace(/(^|\/)(packages|examples)\//, '$1').replace(/\.test\.ts$/, '')
  const slug = words
    .replace(/\/(test|src)\//, '/')
    .replaceAll(/[^a-zA-Z0-9]+/g, '_')
    .toLowerCase()
  if (slug.length <= maxSlugLength) return slug
  return `${slug.slice(0, maxSlugLength - 9)}_${createHash('sha256').update(path).digest('hex').slice(0, 8)}`
}

export function databaseOf(run: string, slug: string): string {
  return `pwt_${run}_${slug}`
}

/** The advisory lock that a run holds while it lives. */
export function runLock(run: string): string {
  return String(0x70_77_74_00n * 0x1_0000_0000n + BigInt(`0x${run}`))
}

export async function dropDatabase(admin: Client, name: string): Promise<void> {
  await admin.query(`drop database if exists "${name}" with (force)`)
}
