/**
 * Partywall and its rivals at one piece of work, a deploy: each connects, applies to every tenant the migrations that it does not have yet,
 * and disconnects. Each commits as the server is set up (durably by default), except for partywall, which decides for itself, and for the
 * floor that does not wait for the disk.
 */
import { Client } from 'pg'
import { createMigrator } from 'drizzle-multitenant/migrator'
import { assertFleetOk, createTenancy, type Tenancy } from 'partywall'
import { defaultConcurrency } from '../../packages/partywall/src/migrations/run/concurrency.ts'
import type { Queryable } from '../../packages/partywall/src/sql/statement.ts'
import { digestOf } from '../../packages/partywall/src/migrations/history/digest.ts'
import { folderSource } from '../../packages/partywall/src/migrations/sources/folder/folder.ts'
import type { Contestant } from '../measuring/rounds.ts'
import type { MigrationFolder } from './files.ts'
import { createSchemas, prepareFleet, withClient, type Fleet } from './fleet.ts'

export interface Migrator extends Omit<Contestant, 'close'> {
  readonly fleet: Fleet
}

export interface Race {
  /** The server on which the fleets are created. */
  readonly url: string
  /** The address by which contestants connect: that of the same server, or of a relay before it. */
  readonly through: (url: string) => string
  readonly tenants: number
  /** The owner of the fleet that partywall migrates, if it is not the usual one. */
  readonly owner?: string
  /** Contains the base migrations when the contestants are created. */
  readonly folder: MigrationFolder
}

export async function partywall(race: Race): Promise<Migrator> {
  const digest = digestOf(await folderSource(race.folder.path).list())
  const fleet = await prepareFleet(race.url, {
    owner: race.owner ?? 'partywall',
    tenants: race.tenants,
    base: race.folder.files,
    createTenants: ({ url, schemas }) => createTenants(tenancyOf(withAsyncCommit(url), race.folder), schemas),
    forgetRounds: (schema) =>
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

/** The lower bound: only the SQL of the files, one message and one transaction per tenant, on as many connections as partywall opens. */
export function durableFloor(race: Race): Promise<Migrator> {
  return floor(race, 'floor', 'begin')
}

/** The same without waiting for the disk at each commit: what remains is the work of the server. */
export function asyncCommitFloor(race: Race): Promise<Migrator> {
  return floor(race, 'floor-unwaiting', 'begin; set local synchronous_commit to off')
}

async function floor(race: Race, name: string, begin: string): Promise<Migrator> {
  const fleet = await prepareFleet(race.url, {
    owner: name,
    tenants: race.tenants,
    base: race.folder.files,
    createTenants: (empty) => createSchemas(empty, race.folder.files),
    forgetRounds: () => '',
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

/** The loop that an application writes itself: one client, tenant after tenant, file after file. */
export async function oneByOne(race: Race): Promise<Migrator> {
  const names = race.folder.files.map(({ name }) => `('${name}')`).join(', ')
  const history = `create table migrations (name text primary key, applied_at timestamptz not null default now()); insert into migrations (name) values ${names}`
  const fleet = await prepareFleet(race.url, {
    owner: 'one-by-one',
    tenants: race.tenants,
    base: race.folder.files,
    createTenants: (empty) => createSchemas(empty, race.folder.files, history),
    forgetRounds: (schema) => `delete from ${schema}.migrations where name > '${race.folder.files.at(-1)!.name}';`,
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

/** The npm package drizzle-multitenant with its defaults: ten tenants at a time, one pool per tenant. */
export async function drizzleMultitenant(race: Race): Promise<Migrator> {
  const last = race.folder.files.at(-1)!.name
  const migratorOf = (url: string, fleet: Fleet): ReturnType<typeof createMigrator> =>
    createMigrator(
      { connection: { url }, isolation: { strategy: 'schema', schemaNameTemplate: (id) => id }, schemas: { tenant: {} } },
      { migrationsFolder: race.folder.path, tenantDiscovery: async () => [...fleet.schemas] },
    )
  const fleet = await prepareFleet(race.url, {
    owner: 'drizzle-multitenant',
    tenants: race.tenants,
    base: race.folder.files,
    async createTenants(empty) {
      await createSchemas(empty, race.folder.files)
      assertAll(await migratorOf(withAsyncCommit(empty.url), empty).markAllAsApplied())
    },
    forgetRounds: (schema) => `delete from ${schema}.__drizzle_migrations where name > '${last}';`,
  })
  return {
    name: 'drizzle-multitenant',
    fleet,
    work: async () => assertAll(await migratorOf(race.through(fleet.url), fleet).migrateAll()),
  }
}

function tenancyOf(url: string, folder: MigrationFolder): Tenancy<any> {
  return createTenancy({ database: url, root: folder.path, migrations: { shared: false, tenant: '.' } })
}

/** Creates the tenants as an application does, three at a time. */
async function createTenants(tenancy: Tenancy<any>, schemas: readonly string[]): Promise<void> {
  const rest = schemas.values()
  const worker = async (): Promise<void> => {
    for (const schema of rest) await tenancy.tenants.create({ schema })
  }
  await Promise.all([worker(), worker(), worker()])
  await tenancy.close()
}

function withAsyncCommit(url: string): string {
  const result = new URL(url)
  result.searchParams.set('options', '-c synchronous_commit=off')
  return result.href
}

function assertAll({ succeeded, total }: { succeeded: number; total: number }): void {
  if (succeeded !== total) throw new Error(`drizzle-multitenant failed in ${total - succeeded} of ${total} tenants`)
}
