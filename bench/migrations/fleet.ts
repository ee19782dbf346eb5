/**
 * The tenants that a contestant migrates. Each contestant has a database of its own with the same tenants, because each keeps its own
 * history of them. The database is created once and kept: a run leaves columns behind, and the next run first removes them.
 */
import { Client } from 'pg'
import { fingerprint, roundColumns, type MigrationFile } from './files.ts'

export interface Fleet {
  /** The contestant's own database. */
  readonly url: string
  readonly schemas: readonly string[]
}

export interface FleetGoal {
  /** The contestant that migrates it; part of the database's name. */
  readonly owner: string
  readonly tenants: number
  /** The migrations that every tenant has. */
  readonly base: readonly MigrationFile[]
  /** Creates the tenants, with the history that the contestant keeps. */
  createTenants(fleet: Fleet): Promise<void>
  /** SQL that deletes what came after the base from the history of a schema, ended by a semicolon. */
  forgetRounds(schema: string): string
}

/** Creates the fleet or takes the kept one, and leaves only the base in its schemas and histories. */
export async function prepareFleet(url: string, goal: FleetGoal): Promise<Fleet> {
  const { owner, tenants, base } = goal
  const database = `partywall_bench_${owner.replaceAll('-', '_')}`
  const fleet = {
    url: Object.assign(new URL(url), { pathname: `/${database}` }).href,
    schemas: Array.from({ length: tenants }, (_, number) => `tenant_${String(number).padStart(5, '0')}`),
  }
  const state = `${tenants} tenants of ${fingerprint(base)}`
  await withClient(url, async (admin) => {
    const { rows } = await admin.query(
      `select shobj_description(oid, 'pg_database') as state from pg_database where datname = $1`,
      [database],
    )
    if (rows[0]?.state === state) return
    process.stderr.write(`creating ${tenants} tenants for ${owner}, once\n`)
    await admin.query(`drop database if exists ${database} with (force)`)
    await admin.query(`create database ${database}`)
    await goal.createTenants(fleet)
    // Last, so that a database whose creation was interrupted has no such comment, and is created again.
    await admin.query(`comment on database ${database} is '${state}'`)
  })
  await resetToBase(fleet, goal)
  return fleet
}

/** Creates the schemas and their tables with plain SQL: without a history, unless `history` is SQL that creates one. */
export async function createSchemas({ url, schemas }: Fleet, files: readonly MigrationFile[], history = ''): Promise<void> {
  const text = files.map((file) => file.text).join('\n')
  await forEachSchema(url, schemas, async (client, schema) => {
    await client.query(`begin; create schema ${schema}; set local search_path to ${schema}; ${text}; ${history}; commit`)
  })
}

async function resetToBase(fleet: Fleet, { forgetRounds }: FleetGoal): Promise<void> {
  const drops = new Map<string, string>()
  await withClient(fleet.url, async (client) => {
    const { rows } = await client.query(
      `select
        namespace.nspname as schema,
        string_agg(format('alter table %I.%I drop column %I;', namespace.nspname, class.relname, attribute.attname), ' ') as drops
      from pg_attribute as attribute
      join pg_class as class on class.oid = attribute.attrelid and class.relkind = 'r'
      join pg_namespace as namespace on namespace.oid = class.relnamespace
      where attribute.attname like $1 and not attribute.attisdropped
      group by namespace.nspname`,
      [roundColumns],
    )
    for (const row of rows) drops.set(row.schema, row.drops)
  })
  if (drops.size > 0) {
    process.stderr.write(`resetting ${drops.size} tenants to the base\n`)
    await forEachSchema(fleet.url, [...drops.keys()], async (client, schema) => {
      await client.query(`begin; ${drops.get(schema)} ${forgetRounds(schema)} commit`)
    })
  }
  await withClient(fleet.url, async (client) => {
    if ((await client.query(`select to_regclass('partywall.migration_runs') as runs`)).rows[0].runs !== null) {
      await client.query('truncate partywall.migration_runs cascade')
    }
    await client.query('vacuum analyze')
    await client.query('checkpoint')
  })
}

/** Two schemas at a time, without waiting for the disk: this is not measured. */
async function forEachSchema(
  url: string,
  schemas: readonly string[],
  work: (client: Client, schema: string) => Promise<void>,
): Promise<void> {
  const rest = schemas.values()
  const worker = (): Promise<void> =>
    withClient(url, async (client) => {
      await client.query('set synchronous_commit to off')
      for (const schema of rest) await work(client, schema)
    })
  await Promise.all([worker(), worker()])
}

export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(url)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
