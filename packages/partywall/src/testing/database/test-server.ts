/** The server of the tests, and the databases that partywall/testing makes on it. A database is known by its name; that it is in use, by an advisory lock. */
import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { ClientConfig } from 'pg'
import { assertConnectionString } from '../../database/connection-string.ts'
import { startEmbedded } from '../../database/embedded-server.ts'
import { connectPlainly } from '../../database/plain-connection.ts'
import { TenancyError } from '../../errors.ts'
import { identifier } from '../../names/identifier.ts'
import type { PlainConnection } from '../../ports/plain-connection.ts'
import { literal } from '../../sql/literal.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'

/** What a run that was killed left behind is recognized by these names. */
const prefix = 'partywall_test_'
const templatePrefix = 'partywall_template_'
/** As many templates of one project stay. */
const keptTemplates = 3

export class TestServer {
  readonly #config: ClientConfig
  readonly #admin: PlainConnection
  readonly #release: () => Promise<void>
  /** The lock of a session is no obstacle to itself. */
  readonly #own = new Set<string>()

  /** @param url absent: the embedded server of the project @throws TenancyError INVALID_OPTION, DATABASE_UNREACHABLE, EMBEDDED_FAILED, NOT_PERMITTED */
  static async open(url: string | undefined, root: string): Promise<TestServer> {
    assertConnectionString(url === undefined ? undefined : { connectionString: url })
    const embedded = url === undefined ? await startEmbedded({ directory: join(root, '.partywall') }) : undefined
    const release = async (): Promise<void> => embedded?.release()
    try {
      const config = { connectionString: url ?? embedded!.url }
      const admin = await connectPlainly({ ...config, application_name: 'partywall: test databases' })
      await assertMayCreate(admin)
      return new TestServer(config, admin, release)
    } catch (error) {
      await release()
      throw error
    }
  }

  private constructor(config: ClientConfig, admin: PlainConnection, release: () => Promise<void>) {
    this.#config = config
    this.#admin = admin
    this.#release = release
  }

  /** The address of a database of this server. */
  urlOf(database: string): string {
    const url = new URL(this.#config.connectionString!)
    url.pathname = `/${database}`
    return url.href
  }

  /**
   * The template with this fingerprint, made by `make` where there is none. One process at a time makes it.
   * @param project whose older templates may go
   */
  async template(key: string, project: string, make: (url: string) => Promise<void>): Promise<string> {
    const name = `${templatePrefix}${key}`
    return this.#locked(name, async () => {
      const { rows } = await this.#admin.query<{ note: string | null }>({
        text: `select pg_catalog.shobj_description(oid, 'pg_database') as note from pg_catalog.pg_database where datname = $1::name`,
        values: [name],
      })
      const today = `${markOf(project)} ${new Date().toISOString().slice(0, 10)}`
      if (rows.length === 0) {
        const making = `${name}_making`
        await this.drop(making)
        await this.#run(`create database ${identifier(making)} template template0 encoding 'UTF8'`)
        await make(this.urlOf(making))
        // Under its name it is complete: a process that was killed before has left the other one.
        await this.#whenUnused(`alter database ${identifier(making)} rename to ${identifier(name)}`)
        await this.#dropOldTemplates(project, name)
      }
      if (rows[0]?.note !== today) await this.#run(`comment on database ${identifier(name)} is ${literal(today)}`)
      return name
    })
  }

  /** A new database, in use until this server is closed or this process ends. */
  async clone(template: string | undefined): Promise<string> {
    const name = `${prefix}${randomBytes(8).toString('hex')}`
    this.#own.add(name)
    await this.#run(`select pg_catalog.pg_advisory_lock(${lockOf(name)})`)
    await this.#whenUnused(`create database ${identifier(name)} template ${identifier(template ?? 'template0')}`)
    return name
  }

  /** Drops the databases of runs that have ended without doing so. */
  async dropLeftovers(): Promise<void> {
    const { rows } = await this.#admin.query<{ name: string }>({
      text: 'select datname as name from pg_catalog.pg_database where datname like $1',
      values: [`${prefix.replaceAll('_', '\\_')}%`],
    })
    for (const { name } of rows) {
      if (this.#own.has(name)) continue
      const lock = await this.#admin.query<{ free: boolean }>({
        text: `select pg_catalog.pg_try_advisory_lock(${lockOf(name)}) as free`,
      })
      if (lock.rows[0]?.free !== true) continue
      await this.drop(name).catch(() => {})
      await this.#run(`select pg_catalog.pg_advisory_unlock(${lockOf(name)})`)
    }
  }

  async drop(name: string): Promise<void> {
    const { rows } = await this.#admin.query<{ role: string }>({ text: rolesSql, values: [name] })
    await this.#run(`drop database if exists ${identifier(name)} with (force)`)
    // Those of tenants that had one of their own. A role that another database has, too, stays.
    for (const { role } of rows) await this.#run(`drop role ${identifier(role)}`).catch(() => {})
  }

  async close(): Promise<void> {
    await this.#admin.end()
    await this.#release()
  }

  async #locked<T>(name: string, work: () => Promise<T>): Promise<T> {
    await this.#run(`select pg_catalog.pg_advisory_lock(${lockOf(name)})`)
    try {
      return await work()
    } finally {
      await this.#run(`select pg_catalog.pg_advisory_unlock(${lockOf(name)})`)
    }
  }

  /** The server needs a moment to notice that a session has ended. */
  async #whenUnused(sql: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#run(sql)
      } catch (error) {
        if (sqlStateOf(error) !== '55006' || attempt === 100) throw error
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }

  async #dropOldTemplates(project: string, current: string): Promise<void> {
    const { rows } = await this.#admin.query<{ name: string }>({
      text: `
        select datname as name from pg_catalog.pg_database
        where pg_catalog.shobj_description(oid, 'pg_database') like $1 and datname <> $2
        order by pg_catalog.shobj_description(oid, 'pg_database') desc
        offset ${keptTemplates - 1}`,
      values: [`${markOf(project)} %`, current],
    })
    for (const { name } of rows) await this.#run(`drop database if exists ${identifier(name)}`).catch(() => {})
  }

  async #run(text: string): Promise<void> {
    await this.#admin.query({ text })
  }
}

async function assertMayCreate(admin: PlainConnection): Promise<void> {
  const { rows } = await admin.query<{ role: string; may: boolean }>({
    text: 'select rolname as role, rolcreatedb or rolsuper as may from pg_catalog.pg_roles where rolname = current_user',
  })
  const [row] = rows
  if (row?.may === true) return
  await admin.end()
  throw new TenancyError(
    'NOT_PERMITTED',
    `Tests get databases of their own, and the role ${JSON.stringify(row?.role)} may not create databases. Run  alter role ${JSON.stringify(row?.role)} createdb;  ` +
      'as a superuser, name another server in TEST_DATABASE_URL, or name none for the embedded PostgreSQL.',
    { details: {} },
  )
}

/** The number of the advisory lock that holds a name. */
function lockOf(name: string): string {
  return String(createHash('sha256').update(name).digest().readBigInt64BE())
}

function markOf(project: string): string {
  return `partywall template ${createHash('sha256').update(project).digest('hex').slice(0, 12)}`
}

/** The roles of tenants that have rights in this database. */
const rolesSql = `
  select distinct role.rolname::text as role
  from pg_catalog.pg_shdepend as dependency
  join pg_catalog.pg_database as database on database.oid in (dependency.dbid, case when dependency.dbid = 0 then dependency.objid end)
  join pg_catalog.pg_roles as role on role.oid = dependency.refobjid
  where database.datname = $1::name
    and dependency.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
    and role.rolname like 'partywall\\_%'`
