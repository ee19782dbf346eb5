/**
 * The setup of a test run: a server (the one of DATABASE_URL, or the embedded one) with an empty template database, which is cloned
 * for each test file that asks for a database (database.ts). The names contain the id of the run, so two runs never share a database.
 * A run holds an advisory lock until it ends, so the next run recognizes what a killed run left behind, and drops it.
 */
import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import type { TestProject } from 'vitest/node'
import { acquireTestServer } from '../servers/server.ts'
import { hasPgBouncer, startPgBouncer } from '../servers/pgbouncer.ts'
import { cacheCompiledModules } from './compiled-modules.ts'
import { databaseOf, dropDatabase, keptMark, runIdForm, runLock } from './database-names.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    partywallServerUrl: string
    partywallRun: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await acquireTestServer((line) => console.error(line))
  const run = randomBytes(4).toString('hex')
  const admin = new Client({ connectionString: server.url, application_name: 'partywall tests' })
  try {
    await admin.connect().catch((cause: unknown) => {
      throw new Error(`The tests need a PostgreSQL, and cannot connect to ${whichServer()}: ${(cause as Error).message}`, {
        cause,
      })
    })
    await assertMayCreateDatabases(admin)
    await admin.query('select pg_advisory_lock($1::bigint)', [runLock(run)])
    await dropLeftovers(admin)
    await admin.query(`create database ${databaseOf(run, 'template')} template template0 encoding 'UTF8'`)
  } catch (error) {
    await admin.end().catch(() => {})
    await server.release()
    throw error
  }
  // The server may be stopped while the tests run, by a person or by a test of exactly that.
  admin.on('error', () => {})
  project.provide('partywallServerUrl', server.url)
  project.provide('partywallRun', run)
  const compiled = await cacheCompiledModules()
  const isPooled = project.vitest.projects.some(({ name }) => name.endsWith('pgbouncer')) && hasPgBouncer()
  const pooler = isPooled ? await startPgBouncer(server.url) : undefined
  if (pooler !== undefined) project.provide('partywallPoolerUrl', pooler.through(server.url))

  return async () => {
    await pooler?.stop()
    await dropDatabase(admin, databaseOf(run, 'template')).catch(() => {})
    await admin.end().catch(() => {})
    await server.release()
    await compiled.remove()
  }
}

async function assertMayCreateDatabases(admin: Client): Promise<void> {
  const { rows } = await admin.query<{ role: string; may: boolean }>(
    `select rolname as role, rolcreatedb or rolsuper as may
     from pg_catalog.pg_roles
     where rolname = current_user`,
  )
  const [row] = rows
  if (row?.may === true) return
  throw new Error(
    `The tests create a database per test file, and the role ${row?.role} of DATABASE_URL may not create databases. ` +
      `Run  alter role "${row?.role}" createdb;  as a superuser, or unset DATABASE_URL to use the embedded PostgreSQL.`,
  )
}

function whichServer(): string {
  return process.env.DATABASE_URL ? 'the server of DATABASE_URL (unset it to use the embedded one)' : 'the embedded server'
}

/** Drops the databases of runs that have ended, except those that were kept for inspection. */
async function dropLeftovers(admin: Client): Promise<void> {
  const { rows } = await admin.query<{ name: string }>(
    `select datname as name
     from pg_catalog.pg_database
     where datname like 'pwt\\_%'
       and coalesce(pg_catalog.shobj_description(oid, 'pg_database'), '') not like $1::text || '%'`,
    [keptMark],
  )
  for (const { name } of rows) {
    const run = runIdForm.exec(name)?.[1]
    if (run === undefined) continue
    const { rows: locks } = await admin.query<{ free: boolean }>('select pg_try_advisory_lock($1::bigint) as free', [
      runLock(run),
    ])
    if (locks[0]?.free !== true) continue
    await dropDatabase(admin, name).catch(() => {})
    await admin.query('select pg_advisory_unlock($1::bigint)', [runLock(run)])
  }
}
