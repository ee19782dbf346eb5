/**
 * Two tenants with different rows, and a pool for them: the least that an attack needs. Created with plain SQL, so that only the pool is
 * under attack. The rows of both have the same primary keys.
 */
import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { afterAll } from 'vitest'
import { scopeBinder } from '../../../src/database/binding/binder.ts'
import { Bindings } from '../../../src/database/binding/binding.ts'
import { TenantPool, type TenantPoolConfig } from '../../../src/database/pool/tenant-pool.ts'
import type { Tampering } from '../../../src/events.ts'
import { Scope } from '../../../src/scope/scope.ts'
import { toTenant } from '../../../src/catalog/tenants/tenant-row.ts'
import type { Tenant } from '../../../src/types.ts'
import { createTenancy } from '../../../src/index.ts'
import { setAlarm } from '../run/alarms.ts'
import { boundary, isByRole } from '../servers/boundary.ts'
import { adopt } from './adopt.ts'
import { leastPrivilege } from './least-privilege.ts'
import { testDatabase, type TestDatabase } from '../servers/database.ts'

export const rowsOfEach = 20

export interface TwoTenants {
  /** On the route of this run: directly, or through the pooler. */
  readonly url: string
  /** How the application connects on that route: the same address, under the boundary `role` with a login that has no rights. */
  readonly appUrl: string
  /** The same without a pooler. */
  readonly directUrl: string
  readonly a: Tenant
  readonly b: Tenant
  readonly scope: Scope
  readonly bindings: Bindings
  /** A plain client to the server itself, to look at the database and to disturb it. */
  readonly admin: Client
  /** A tenant-aware pool of the same server. It is closed at the end of the file; after each test no client may be checked out. */
  makePool(options?: Partial<Omit<TenantPoolConfig, 'binder'>> & { outsideScope?: 'refuse' | 'shared' }): TenantPool
  readonly discarded: string[]
  readonly tampered: Tampering[]
}

export async function twoTenants(): Promise<TwoTenants> {
  return twoTenantsOn(await testDatabase())
}

/** The same in another database, whose server or pooler a test may stop. */
export async function twoTenantsOn({ url, directUrl }: Pick<TestDatabase, 'url' | 'directUrl'>): Promise<TwoTenants> {
  const admin = new Client(directUrl)
  admin.on('error', () => {})
  await admin.connect()
  const [a, b] = [fakeTenant('tenant_a'), fakeTenant('tenant_b')]
  for (const { schema } of [a, b]) await admin.query(tenantTables(schema))
  await admin.query(`create table public.notes (id int primary key, owner text); insert into public.notes values (1, 'public')`)
  const scope = new Scope()
  const bindings = new Bindings({
    sharedSchema: 'public',
    includeShared: true,
    extraSearchPath: [],
    boundary: { default: boundary, kinds: {}, tenants: {} },
  })
  const connectionString = isByRole ? await givenRoles(admin, { url, directUrl }, [a, b]) : url
  const discarded: string[] = []
  const tampered: Tampering[] = []
  const pools: TenantPool[] = []
  afterAll(async () => {
    await Promise.all(pools.filter((pool) => !pool.ending).map((pool) => pool.end()))
    await admin.end()
  })
  return {
    url,
    appUrl: connectionString,
    directUrl,
    a,
    b,
    scope,
    bindings,
    admin,
    discarded,
    tampered,
    makePool({ outsideScope = 'refuse', ...options } = {}) {
      const pool = new TenantPool({
        connectionString,
        connectionTimeoutMillis: 10_000,
        ...options,
        binder: scopeBinder(scope, bindings, outsideScope),
        onDiscard: (reason) => discarded.push(reason),
        onTamper: (tampering) => tampered.push(tampering),
      })
      pools.push(pool)
      setAlarm(() => {
        const leased = pool.totalCount - pool.idleCount
        if (leased > 0 && !pool.ending) throw new Error(`the test left ${leased} connection(s) checked out`)
      })
      return pool
    },
  }
}

/** Roles belong to the whole server, and test files run at the same time. */
const ofThisFile = randomBytes(4).toString('hex')

/**
 * Gives each tenant its role, as if it had been created, and the application a login that has no rights of its own.
 * @returns how the application connects
 */
async function givenRoles(
  admin: Client,
  { url, directUrl }: Pick<TestDatabase, 'url' | 'directUrl'>,
  tenants: readonly Tenant[],
): Promise<string> {
  const { app, appRole } = await leastPrivilege(directUrl, url, true)
  const wall = createTenancy({
    database: { connectionString: app, deploy: directUrl },
    boundary: 'role',
    migrations: { shared: false, tenant: false },
  })
  await wall.ready()
  await wall.close()
  await adopt(admin, tenants, Promise.resolve(appRole))
  return app
}

/** A tenant that is in no catalog; the pool uses only its schema and its id. */
export function fakeTenant(schema: string): Tenant {
  // As the catalog reads it from a row: tenancy.run looks up everything else.
  return toTenant({
    id: `${ofThisFile}-0000-4000-8000-${Buffer.from(schema.padEnd(6).slice(-6)).toString('hex')}`,
    schema,
    name: schema,
    kind: 'default',
    status: 'active',
    placement: 'default',
    generation: '1',
    revision: '1',
    attributes: '{}',
    created_at: '0',
  })
}

function tenantTables(schema: string): string {
  return `
    create schema ${schema};
    create table ${schema}.items (id int primary key, owner text not null, note text);
    insert into ${schema}.items select n, '${schema}', 'note ' || n from generate_series(1, ${rowsOfEach}) as n;
    create table ${schema}.parents (id int primary key);
    create table ${schema}.children (
      id serial primary key,
      parent_id int references ${schema}.parents deferrable initially deferred
    );
  `
}
