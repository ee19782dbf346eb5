/** The names of test databases, pwt_<run>_<test file>, of which PostgreSQL keeps 63 bytes; and what else identifies them. */
import { createHash } from 'node:crypto'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Client } from 'pg'
import { fixedRole } from '../../../src/names/role-name.ts'

/** Finds the id of the run in the name of a test database. */
export const runIdForm = /^pwt_([0-9a-f]{8})_/
/** The comment of a database that was kept for inspection, because a test of its file failed. */
export const keptMark = 'kept by partywall tests'

const root = fileURLToPath(new URL('../../../../..', import.meta.url))
const maxSlugLength = 63 - 'pwt_12345678_'.length - '_99'.length

/**
 * `packages/partywall/test/isolation/races.test.ts` -> `partywall_isolation_races`, the same in every run. A file that runs
 * in several projects has a database in each.
 */
export function slugOf(testFile: string, project: string): string {
  const path = `${project === 'direct' ? '' : `${project}/`}${relative(root, testFile)}`
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

/** The key of the advisory lock that a run holds until it ends. */
export function runLock(run: string): string {
  return String(0x70_77_74_00n * 0x1_0000_0000n + BigInt(`0x${run}`))
}

export async function dropDatabase(admin: Client, name: string): Promise<void> {
  const roles = await rolesOf(admin, name)
  await admin.query(`drop database if exists "${name}" with (force)`)
  // A role that another database uses stays until that one is dropped.
  // One that made others members of a group can go when the group is gone.
  for (const role of [...roles, fixedRole('granter', name), ...roles]) await admin.query(`drop role "${role}"`).catch(() => {})
}

/** The roles that have rights in the database and that only a test can have made. */
async function rolesOf(admin: Client, name: string): Promise<string[]> {
  const { rows } = await admin.query<{ role: string }>(
    `select distinct role.rolname::text as role
     from pg_catalog.pg_shdepend as dependency
     join pg_catalog.pg_database as database on database.oid in (dependency.dbid, case when dependency.dbid = 0 then dependency.objid end)
     join pg_catalog.pg_roles as role on role.oid = dependency.refobjid
     where database.datname = $1::name
       and dependency.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
       and role.rolname ~ '^(pwt_[0-9a-f]+_(app|deploy)|partywall_.*)$'`,
    [name],
  )
  return rows.map(({ role }) => role)
}
