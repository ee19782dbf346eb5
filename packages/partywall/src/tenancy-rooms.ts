/**
 * Opens the rooms of one tenancy, and gives each what it needs of the others: the database binds each statement to the scope, the catalog stores
 * the tenants, and an entry is refused where a name would lead a tenant to the shared schema. No I/O.
 */
import { Catalog } from './catalog/catalog.ts'
import { Claims } from './catalog/domains/claims.ts'
import { Domains } from './catalog/domains/domains.ts'
import { Members } from './catalog/members/members.ts'
import { Relations } from './catalog/relations/relations.ts'
import { Access } from './catalog/roles/access.ts'
import { Tenants } from './catalog/tenants/tenants.ts'
import type { Options, PublicOptions } from './config/options.ts'
import { startTenant } from './config/start-tenant.ts'
import { OpenDatabase } from './database/open-database.ts'
import { Events } from './events.ts'
import { Entry } from './lifecycle/entry/entry.ts'
import { migrationSources, type MigrationSources } from './migrations/sources/sources.ts'
import { tenantRole } from './names/role-name.ts'
import { Observation } from './observation.ts'
import { Scope } from './scope/scope.ts'
import { TenantSettings } from './settings/tenant-settings.ts'
import { workRooms, type WorkRooms } from './tenancy-work.ts'
import { identityOf } from './tenant-identity.ts'
import { usageWork, type UsageWork } from './tenancy-usage.ts'

export interface Rooms<A extends object> {
  /** Without `database`, which may hold a password. */
  readonly options: PublicOptions
  readonly scope: Scope<A>
  readonly events: Events<A>
  readonly observation: Observation
  /** Counts what tenants use. */
  readonly usage: UsageWork
  readonly database: OpenDatabase
  readonly access: Access
  readonly relations: Relations
  readonly catalog: Catalog
  readonly tenants: Tenants<A>
  readonly domains: Domains<A>
  readonly claims: Claims<A>
  readonly members: Members<A>
  readonly settings: TenantSettings<A>
  readonly sources: MigrationSources
  readonly entry: Entry<A>
  /** For a tenant that is made, and for migrations. */
  readonly forWork: () => Promise<WorkRooms<A>>
  /** Whether work that was not asked for may begin. */
  readonly background: { isOff: boolean }
  /** The tenant of code outside every scope, which `partywall run` names to the programs that it starts. */
  readonly startTenant: string | undefined
  /** Aborted when the tenancy is being closed. */
  readonly closing: AbortController
  /** Closes the connections that are logged in as a tenant. */
  readonly endLogin: (tenantId: string) => void
}

export function openRooms<A extends object>(all: Options): Rooms<A> {
  const { database: server, deploy, loginKeys, settingsDefaults, settingsKinds, settingsKeys, ...given } = all
  const options = Object.freeze(given)
  const observation = new Observation(options)
  const scope = new Scope<A>(observation)
  const events = new Events<A>()
  const database: OpenDatabase = new OpenDatabase({ ...options, database: server, deploy, loginKeys }, scope, {
    observation,
    onDiscard: (reason) => void events.emit('connection.discarded', { reason }),
    onTamper: (tampering) => void events.emit('connection.tampered', tampering),
    loginGenerationOf: async (id) => {
      const tenant = await tenants.lookUp(id)
      return (tenant && identityOf(tenant)?.loginGeneration) ?? undefined
    },
    onProgress: (line) => {
      if (!events.emit('embedded.progress', { line })) process.stderr.write(`${line}\n`)
    },
  })
  const access = new Access(database, options, deploy === undefined, loginKeys[0])
  const catalog = new Catalog({ database, deploy: database.deploy, access, sharedSchema: options.sharedSchema })
  const endLogin = (tenantId: string): void => database.endLogin(tenantRole(tenantId))
  const tenants: Tenants<A> = new Tenants<A>(catalog, options, events, (watch) => database.watch(watch), endLogin, observation)
  const domains = new Domains<A>(catalog, tenants, events)
  const claims = new Claims<A>(catalog, tenants, domains)
  const parts = {
    options,
    scope,
    events,
    observation,
    database,
    access,
    relations: new Relations(),
    catalog,
    tenants,
    domains,
    claims,
    usage: usageWork({ options, observation, catalog, events, scope }),
    members: new Members<A>(catalog, tenants, options),
    settings: new TenantSettings<A>({ catalog, tenants, scope, options }, { settingsDefaults, settingsKinds, settingsKeys }),
    sources: migrationSources(options),
    endLogin,
    background: { isOff: false },
  }
  const entry = new Entry<A>(parts)
  const start = startTenant(process.env)
  if (start !== undefined) {
    scope.startIn(async () => {
      const tenant = await tenants.get(start)
      await entry.assertMayEnter(tenant, { allowInactive: true })
      return tenant
    })
  }
  const closing = new AbortController()
  const forWork = workRooms<A>({
    ...parts,
    entry,
    connect: () => database.pool.connect(),
    besides: (size, fn) => database.besides(size, fn),
    signal: closing.signal,
  })
  return { ...parts, entry, forWork, closing, startTenant: start }
}
