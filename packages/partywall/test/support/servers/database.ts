/**
 * A database of its own for a test file: a clone of the run's template. It is dropped when the file has passed. When a test of the file
 * has failed, it is kept until the same file runs again, and the command that opens it is printed.
 */
import { Client } from 'pg'
import { expect, inject, type RunnerTestFile } from 'vitest'
import { inParallel } from '../../../src/fleet/workers.ts'
import { databaseOf, dropDatabase, keptMark, slugOf } from '../run/database-names.ts'
import { isByRole } from './boundary.ts'
import { onRoute, route } from './route.ts'

export interface TestDatabase {
  /** The database on the route of this run: directly, or through the pooler. */
  readonly url: string
  /** The same database without the pooler, for observing and for disturbing what is tested. */
  readonly directUrl: string
  readonly name: string
  /** Another database on the same server with the same role, for what cannot be done from inside, such as dropping the database. */
  readonly adminUrl: string
}

/** Each project of vitest.config.ts has databases of its own. */
const project = isByRole ? `role_${route}` : route

const created: TestDatabase[] = []

/**
 * Creates a database. Call it at the top of a test file or in its `beforeAll`; call it again for a second database.
 * @example const { url } = await testDatabase()
 */
export async function testDatabase(): Promise<TestDatabase> {
  const file = expect.getState().testPath
  if (file === undefined) throw new Error('testDatabase() belongs at the top of a test file or in its beforeAll.')
  const number = created.length === 0 ? '' : `_${created.length + 1}`
  const name = databaseOf(inject('partywallRun'), `${slugOf(file, project)}${number}`)
  const adminUrl = serverUrl()
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  await asAdmin(async (admin) => {
    // A file that is retried finds the database of its first attempt.
    await dropDatabase(admin, name)
    await admin.query(`create database "${name}" template "${databaseOf(inject('partywallRun'), 'template')}"`)
  })
  const database = { url: onRoute(url.href), directUrl: url.href, name, adminUrl }
  created.push(database)
  return database
}

/** The address of the server of this run, with a role that may create databases. */
export function serverUrl(): string {
  return inject('partywallServerUrl')
}

/** The databases that the tests of this file have asked for until now. */
export function openTestDatabases(): readonly TestDatabase[] {
  return created
}

/** What each-file.ts calls when all tests and hooks of a file are done. */
export async function endTestDatabases(file: RunnerTestFile): Promise<void> {
  if (created.length === 0) return
  const databases = created.splice(0)
  const hasFailed = isFailed(file)
  await asAdmin((admin) => dropKept(admin, slugOf(file.filepath, project)))
  // Each drop waits for a checkpoint; several at the same time wait for the same one.
  await inParallel(databases, 8, ({ name }) =>
    asAdmin(async (admin) => {
      if (!hasFailed) await dropDatabase(admin, name)
      else await admin.query(`comment on database "${name}" is '${keptMark}'`)
    }),
  )
  if (hasFailed) console.error(databases.map(howToOpen).join('\n'))
}

function howToOpen({ name, directUrl }: TestDatabase): string {
  const command = process.env.DATABASE_URL
    ? `psql ${directUrl}`
    : `node scripts/node.js packages/partywall/test/support/servers/look.ts ${name}`
  return `The database of this file is kept until the file runs again. To open it:  ${command}`
}

function isFailed(task: { result?: { state?: string } | undefined; tasks?: readonly object[] }): boolean {
  return task.result?.state === 'fail' || (task.tasks ?? []).some((child) => isFailed(child))
}

/** Drops the databases that earlier runs of this file kept. Those of tests that still run are not marked, and stay. */
async function dropKept(admin: Client, slug: string): Promise<void> {
  const { rows } = await admin.query<{ name: string }>(
    `select datname as name
     from pg_catalog.pg_database
     where datname ~ $1::text
       and pg_catalog.shobj_description(oid, 'pg_database') = $2::text`,
    [`^pwt_[0-9a-f]{8}_${slug}(_[0-9]+)?$`, keptMark],
  )
  for (const { name } of rows) await dropDatabase(admin, name)
}

export async function asAdmin<T>(work: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client({ connectionString: serverUrl(), application_name: 'partywall tests' })
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.end()
  }
}
