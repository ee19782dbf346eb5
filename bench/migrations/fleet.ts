/**
 * Fleets that are there to be migrated. Each contestant has a database of its own with the same tenants, because each keeps its own
 * history of them; it is made once and kept. A run leaves columns behind, and the next one begins by putting the fleet back.
 */
import { Client } from 'pg'
import { fingerprint, roundColumns, type MigrationFile } from './files.ts'

export interface Fleet {
  /** Of the contestant's own database. */
  readonly url: string
  readonly schemas: readonly string[]
}

export interface FleetWish {
  /** Whose it is; part of the database's name. */
  readonly owner: string
  readonly tenants: number
  /** What every tenant has. */
  readonly base: readonly MigrationFile[]
  /** Makes the tenants, with the history that the contestant keeps. */
  makeTenants(fleet: Fleet): Promise<void>
  /** Takes what came after the base out of the history of a schema: SQL, ended by a semicolon. */
  forget(schema: string): string
}

/** The fleet, with nothing but the base in its schemas and its histories. */
export async function fleetOf(url: string, goal: FleetWish): Promise<Fleet> {
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
    process.stderr.write(`making ${tenants} tenants for ${owner}, once\n`)
    await admin.query(`drop database if exists ${database} with (force)`)
    await admin.query(`create database ${database}`)
    await goal.makeTenants(fleet)
    // Last: a database that was not filled to the end has no such comment, and is made anew.
    await admin.query(`comment on database ${database} is '${state}'`)
  })
  await putBack(fleet, goal)
  return fleet
}

/** Makes schemas without any history. */
export async function makeSchemas({ url, schemas }: Fleet, files: readonly MigrationFile[], history = ''): Promise<void> {
  const text = files.map((file) => file.text).join('\n')
  await inTurns(url, schemas, async (client, schema) => {
    await client.query(`begin; create schema ${schema}; set local search_path to ${schema}; ${text}; ${history}; commit`)
  })
}

async function putBack(fleet: Fleet, { forget }: FleetWish): Promise<void> {
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
    process.stderr.write(`putting ${drops.size} tenants back\n`)
    await inTurns(fleet.url, [...drops.keys()], async (client, schema) => {
      await client.query(`begin; ${drops.get(schema)} ${forget(schema)} commit`)
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

/** Two at a time, without waiting for the disk: this is not measured. */
async function inTurns(
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
