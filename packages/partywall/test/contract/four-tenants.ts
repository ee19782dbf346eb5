/** A database of its own with four tenants that have the same migrations, for the contract. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll } from 'vitest'
import { createTenancy, type Config, type Tenancy, type Tenant } from 'partywall'
import { setAlarm } from '../support/run/alarms.ts'
import { testDatabase } from '../support/servers/database.ts'
import { isByRole } from '../support/servers/boundary.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { ownRoute, type OwnRoute } from '../support/servers/route.ts'
import { atRest } from './orm-world.ts'

export interface FourTenants {
  readonly tenancy: Tenancy
  /** How the application connects; for a tenancy or a client of the test's own. */
  readonly url: string
  /** The options by which a second tenancy sees the same tenants. */
  readonly wall: Pick<Config, 'database' | 'boundary'>
  /** A role that may do everything, on the same route. */
  readonly superUrl: string
  /** Without the pooler, if there is one. */
  readonly directUrl: string
  readonly withServerConnections: OwnRoute['withServerConnections']
  /** A client outside every scope, to see what is on the server. */
  readonly admin: Client
  readonly tenants: readonly Tenant[]
}

const sharedTables = `
  create table plans (name text primary key, price int not null);
  insert into plans values ('free', 0), ('gold', 900);
`

const tenantTables = `
  create type mood as enum ('calm', 'busy', 'wild');
  create table authors (id int primary key, name text not null);
  create table books (
    id int primary key,
    author_id int not null references authors,
    title text not null,
    plan text not null references plans,
    mood mood not null,
    moods mood[] not null,
    tags text[] not null
  );
`

export async function fourTenants(config: Omit<Config, 'database' | 'root'> = {}): Promise<FourTenants> {
  const { directUrl } = await testDatabase()
  const { url, withServerConnections } = await ownRoute(directUrl)
  const root = await mkdtemp(join(tmpdir(), 'partywall-orm-'))
  for (const [folder, text] of Object.entries({ shared: sharedTables, tenant: tenantTables })) {
    await mkdir(join(root, 'migrations', folder), { recursive: true })
    await writeFile(join(root, 'migrations', folder, '0001_tables.sql'), text)
  }
  const logins = isByRole ? await leastPrivilege(directUrl, url) : undefined
  const wall: FourTenants['wall'] =
    logins === undefined
      ? { database: url }
      : { database: { connectionString: logins.app, deploy: logins.deploy }, boundary: 'role' }
  const tenancy = createTenancy({
    ...config,
    ...wall,
    root,
    // Some tests put a table of this name into the shared schema, to see that no tenant uses it.
    migrations: { shadowed: ['authors', 'notes', 'things'], ...config.migrations },
    pool: { max: 4, ...config.pool },
  })
  const admin = new Client(directUrl)
  await admin.connect()
  if (logins !== undefined) {
    // What a test creates by hand belongs to the role that creates everything.
    await admin.query(`grant pg_read_all_stats, pg_signal_backend to "${logins.deployRole}"; set role "${logins.deployRole}"`)
  }
  afterAll(async () => {
    await tenancy.close()
    await admin.end()
    await rm(root, { recursive: true, force: true })
  })
  await tenancy.migrations.run()
  const tenants: Tenant[] = []
  // One of the names needs quotes.
  for (const schema of ['acme', 'bolt', 'coop-42', 'dune']) tenants.push(await tenancy.tenants.create({ schema }))
  setAlarm(() => atRest(tenancy.pool))
  return { tenancy, url: logins?.app ?? url, wall, superUrl: url, directUrl, withServerConnections, admin, tenants }
}
