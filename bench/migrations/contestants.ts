/**
 * Partywall and its rivals at one piece of work: a deploy. Each connects, brings every tenant where the files are, and disconnects.
 * Commits are as the server has them for everybody (durable, unless it was set up otherwise), except for the floor that does not wait for the
 * disk; partywall decides for itself.
 */
import { Client } from 'pg'
import { createMigrator } from 'drizzle-multitenant/migrator'
import { assertFleetOk, createTenancy, type Tenancy } from 'partywall'
import { defaultConcurrency } from '../../packages/partywall/src/migrations/run/concurrency.ts'
import type { Queryable } from '../../packages/partywall/src/sql/statement.ts'
import { digestOf } from '../../packages/partywall/src/migrations/history/digest.ts'
import { folderSource } from '../../packages/partywall/src/migrations/sources/folder/folder.ts'
import type { Contestant } from '../measuring/rounds.ts'
import type { Folder } from './files.ts'
import { fleetOf, makeSchemas, withClient, type Fleet } from './fleet.ts'

export interface Migrator extends Omit<Contestant, 'close'> {
  readonly fleet: Fleet
}

export interface Race {
  /** Where fleets are made. */
  readonly url: string
  /** Where the contestants connect to: the same server, or a relay before it. */
  readonly through: (url: string) => string
  readonly tenants: number
  /** Whose fleet partywall migrates, where it is not the usual one. */
  readonly owner?: string
  /** Holds the base when the contestants are made. */
  readonly folder: Folder
}

export async function partywall(race: Race): Promise<Migrator> {
  const digest = digestOf(await folderSource(race.folder.path).list())
  const fleet = await fleetOf(race.url, {
    owner: race.owner ?? 'partywall',
    tenants: race.tenants,
    base: race.folder.files,
    makeTenants: ({ url, schemas }) => createTenants(tenancyOf(unwaiting(url), race.folder), schemas),
    forget: (schema) =>
      `delete from ${schema}.partywall_migrations where position > ${race.folder.files.length}; ` +
      `comment on table ${schema}.partywall_migrations is '${digest}';`,
  })
  return {
    name: 'partywall',
    fleet,
    async work() {
      await using tenancy = tenancyOf(race.through(fleet.url), race.folder)
      assertFleetOk(await tenancy.migrations.run())
    },
  }
}

/** The texts of the files alone, one message and one transaction for each tenant, on as many connections as partywall takes. */
export function durableFloor(race: Race): Promise<Migrator> {
  return floor(race, 'floor', 'begin')
}

/** The same, without waiting for the disk at each commit: what is left is the work of the server. */
export function unwaitingFloor(race: Race): Promise<Migrator> {
  return floor(race, 'floor-unwaiting', 'begin; set local synchronous_commit to off')
}

async function floor(race: Race, name: string, begin: string): Promise<Migrator> {
  const fleet = await fleetOf(race.url, {
    owner: name,
    tenants: race.tenants,
    base: race.folder.files,
    makeTenants: (empty) => makeSchemas(empty, race.folder.files),
    forget: () => '',
  })
  const size = await withClient(race.through(fleet.url), (client) => defaultConcurrency(client as unknown as Queryable))
  return {
    name,
    fleet,
    async work() {
      const file = race.folder.files.at(-1)!
      const schemas = fleet.schemas.values()
      const worker = async (): Promise<void> => {
        const client = new Client(race.through(fleet.url))
        await client.connect()
        for (const schema of schemas) {
          await client.query(`${begin}; set local search_path to ${schema}, public; ${file.text}; commit`)
        }
        await client.end()
      }
      await Promise.all(Array.from({ length: size }, worker))
    },
  }
}

/** The loop that people write: one client, tenant after tenant, file after file. */
export async function oneByOne(race: Race): Promise<Migrator> {
  const names = race.folder.files.map(({ name }) => `('${name}')`).join(', ')
  const history = `create table migrations (name text primary key, applied_at timestamptz not null default now()); insert into migrations (name) values ${names}`
  const fleet = await fleetOf(race.url, {
    owner: 'one-by-one',
    tenants: race.tenants,
    base: race.folder.files,
    makeTenants: (empty) => makeSchemas(empty, race.folder.files, history),
    forget: (schema) => `delete from ${schema}.migrations where name > '${race.folder.files.at(-1)!.name}';`,
  })
  return {
    name: 'one-by-one',
    fleet,
    async work() {
      const client = new Client(race.through(fleet.url))
      await client.connect()
      for (const schema of fleet.schemas) {
        await client.query(`set search_path to ${schema}, public`)
        const { rows } = await client.query('select name from migrations')
        const done = new Set(rows.map(({ name }) => name))
        for (const { name, text } of race.folder.files) {
          if (done.has(name)) continue
          await client.query('begin')
          await client.query(text)
          await client.query('insert into migrations (name) values ($1)', [name])
          await client.query('commit')
        }
      }
      await client.end()
    },
  }
}

/** The package drizzle-multitenant with its defaults: ten tenants at a time, a pool for each. */
export async function drizzleMultitenant(race: Race): Promise<Migrator> {
  const last = race.folder.files.at(-1)!.name
  const migratorOf = (url: string, fleet: Fleet): ReturnType<typeof createMigrator> =>
    createMigrator(
      { connection: { url }, isolation: { strategy: 'schema', schemaNameTemplate: (id) => id }, schemas: { tenant: {} } },
      { migrationsFolder: race.folder.path, tenantDiscovery: async () => [...fleet.schemas] },
    )
  const fleet = await fleetOf(race.url, {
    owner: 'drizzle-multitenant',
    tenants: race.tenants,
    base: race.folder.files,
    async makeTenants(empty) {
      await makeSchemas(empty, race.folder.files)
      assertAll(await migratorOf(unwaiting(empty.url), empty).markAllAsApplied())
    },
    forget: (schema) => `delete from ${schema}.__drizzle_migrations where name > '${last}';`,
  })
  return {
    name: 'drizzle-multitenant',
    fleet,
    work: async () => assertAll(await migratorOf(race.through(fleet.url), fleet).migrateAll()),
  }
}

function tenancyOf(url: string, folder: Folder): Tenancy<any> {
  return createTenancy({ database: url, root: folder.path, migrations: { shared: 'none', tenant: '.' } })
}

/** As an application makes its tenants, four at a time. */
async function createTenants(tenancy: Tenancy<any>, schemas: readonly string[]): Promise<void> {
  const rest = schemas.values()
  const worker = async (): Promise<void> => {
    for (const schema of rest) await tenancy.tenants.create({ schema })
  }
  await Promise.all([worker(), worker(), worker()])
  await tenancy.close()
}

function unwaiting(url: string): string {
  const result = new URL(url)
  result.searchParams.set('options', '-c synchronous_commit=off')
  return result.href
}

function assertAll({ succeeded, total }: { succeeded: number; total: number }): void {
  if (succeeded !== total) throw new Error(`drizzle-multitenant failed in ${total - succeeded} of ${total} tenants`)
}
