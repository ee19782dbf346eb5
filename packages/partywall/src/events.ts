/**
 * The events of a tenancy, for logs and metrics. Each event is also published on the diagnostics channel `partywall:<event>`, for tools
 * that have no access to the tenancy object. A listener cannot disturb the work: an error that it throws becomes a warning.
 */
import { channel } from 'node:diagnostics_channel'
import { EventEmitter } from 'node:events'
import { TenancyError } from './errors.ts'
import { nearest } from './nearest.ts'
import type { MigrationEntry, MigrationReport } from './types.ts'
import type { Attributes, Domain, Tenant } from './types.ts'
import type { UsageRecord } from './usage-record.ts'

/** Events about the catalog carry what was stored, and come after the commit. */
export interface TenancyEvents<A extends object = Attributes> {
  /** The tenant is complete and active: row, schema, tables and domains, and its seeds and hooks have run. */
  'tenant.created': { readonly tenant: Tenant<A> }
  /**
   * An alarm: a new tenant has other tables, indexes, types, … than a tenant with the same migrations. A file may decide by what other schemas
   * hold; or one of the two was changed by hand. Checked for the first new tenant of a process.
   */
  'tenant.differs': TenantDiffers<A>
  /** A seed or a hook of the tenant begins. `attempt`: 1 for the first. */
  'tenant.step.started': { readonly tenant: Tenant<A>; readonly step: string; readonly attempt: number }
  /** It has ended, with `error` when it failed. */
  'tenant.step.ended': {
    readonly tenant: Tenant<A>
    readonly step: string
    readonly durationMs: number
    readonly error?: unknown
  }
  /** A part of the rows of a clone was copied. The clone is seen only when all of it is done. */
  'tenant.clone.progress': CloneProgress
  /** A new tenant got no ready schema, because there was none: the option `warm.size` may be too small. It was made in the ordinary way. */
  'warm.drained': { readonly kind: string }
  /** Its name or its attributes changed. */
  'tenant.updated': { readonly tenant: Tenant<A> }
  'tenant.suspended': { readonly tenant: Tenant<A> }
  /** A suspension or a maintenance ended. */
  'tenant.activated': { readonly tenant: Tenant<A> }
  'tenant.maintenance': { readonly tenant: Tenant<A> }
  /** Its schema or its name for people is another one now. */
  'tenant.renamed': LifeEvents<A>['tenant.renamed']
  'tenant.archived': LifeEvents<A>['tenant.archived']
  'tenant.restored': LifeEvents<A>['tenant.restored']
  /** Its row is gone: the last thing of a deletion. */
  'tenant.deleted': LifeEvents<A>['tenant.deleted']
  /** Tables or a schema that existed became a tenant. `differences`: sentences, where it is not what its migrations give. */
  'tenant.adopted': { readonly tenant: Tenant<A>; readonly differences: readonly string[] }
  /** The tenant was given up; its tables stay in the database. */
  'tenant.released': { readonly tenant: Tenant<A> }
  /** Also for each domain that a tenant was created with. */
  'domain.added': { readonly domain: Domain }
  'domain.removed': { readonly domain: Domain }
  /** This domain took the place of another one as the primary domain of its tenant. */
  'domain.primary': { readonly domain: Domain }
  /** Settings of this tenant were set, or taken back. The names alone: a value may be a secret. */
  'settings.changed': { readonly tenant: Tenant<A>; readonly keys: readonly string[] }
  /** Changes by other processes are seen from now on: lookups of tenants are cached without a limit of time. */
  'lookups.watching': { readonly mode: 'listen' | 'poll' }
  /**
   * Changes by other processes are not seen any more, or cannot be seen yet: lookups are cached for `tenantCacheMs`. It is tried again until
   * `lookups.watching` comes. `mode` is absent when there was no connection yet.
   */
  'lookups.degraded': { readonly mode: 'listen' | 'poll' | undefined; readonly reason: string }
  /** A run of migrations has its plan, and starts. */
  'migrations.started': MigrationsStarted
  /** The work on one schema starts. */
  'migrations.schema.started': SchemaMigrationStarted
  /** The work on one schema is over, or the schema was skipped, and then there was no start. */
  'migrations.schema.ended': { readonly entry: MigrationEntry }
  /** The run that started is over, and stored durably. */
  'migrations.ended': MigrationsEnded
  /** A tenant has sent more statements in this window than `usage.limit` permits it. Once in each window of each process. */
  'usage.exceeded': { readonly tenant: Tenant<A>; readonly limit: number; readonly windowMs: number }
  /** Counters were stored, as they are by now. A record comes again, with the same id, when it has grown; `isFinal`: for the last time. */
  'usage.recorded': { readonly records: readonly UsageRecord[] }
  /** A connection was destroyed instead of reused; `reason` says what was left on it. */
  'connection.discarded': { readonly reason: string }
  /**
   * An alarm: the search path of a pooled connection was changed for the whole session, by a function for example. No statement of a tenant
   * used it, because each one brings its own path; but code that does this may do worse. The connection is discarded. PostgreSQL 18 and newer report it.
   */
  'connection.tampered': Tampering
  /** A step in the start of the embedded PostgreSQL. Without a listener the line goes to stderr. */
  'embedded.progress': { readonly line: string }
}

/** Events about moves of a tenant, which are emitted by the process that has moved it. */
export interface LifeEvents<A extends object = Attributes> {
  /** `before`: what it was called. */
  'tenant.renamed': { readonly tenant: Tenant<A>; readonly before: { readonly schema: string; readonly name: string } }
  'tenant.archived': { readonly tenant: Tenant<A> }
  'tenant.restored': { readonly tenant: Tenant<A> }
  'tenant.deleted': { readonly tenant: Tenant<A> }
}

/** The two tenants, and what differs. */
export interface TenantDiffers<A extends object = Attributes> {
  readonly tenant: Tenant<A>
  /** The schema of the tenant that it was compared with. */
  readonly like: string
  /** Up to five objects, e.g. `index "books.books_title"`. */
  readonly differences: readonly string[]
}

export interface CloneProgress {
  /** The schemas of the clone and of its source. */
  readonly schema: string
  readonly source: string
  /** The table whose rows are being copied. */
  readonly table: string
  /** How much of all tables is copied: by their sizes in the source, without indexes. */
  readonly bytes: number
  readonly totalBytes: number
}

/** What was found. A search path holds only names of schemas. */
export interface Tampering {
  /** The search path that was left on the session. */
  readonly searchPath: string
  /** The search path when the connection was opened. */
  readonly expected: string
  /** The schema that the connection was checked out for when the change was noticed. */
  readonly schema: string
}

export interface MigrationsStarted {
  /** The id of the run in the catalog; absent when there is nothing to do. */
  readonly runId?: string
  /** How many schemas have something to do. Tenants that are created during the run may be added later. */
  readonly targets: number
  readonly direction: 'up' | 'down'
  /** Migrations are only recorded as applied, not run. */
  readonly fake: boolean
}

export interface SchemaMigrationStarted {
  /** The schema of a tenant, or 'shared' for the shared schema. */
  readonly target: string
  /** Absent for the shared schema. */
  readonly tenantId?: string
  /** Names of the migrations that will be applied, or rolled back, in order. */
  readonly pending: readonly string[]
}

/** The report of all schemas; or only `error`, when the run itself failed, e.g. because the catalog could not be reached any more. */
export interface MigrationsEnded {
  readonly report?: MigrationReport
  readonly error?: unknown
}

/** The names of all events, for a check of what a caller writes. */
const eventNames = [
  'tenant.created',
  'tenant.differs',
  'tenant.step.started',
  'tenant.step.ended',
  'tenant.clone.progress',
  'warm.drained',
  'tenant.updated',
  'tenant.suspended',
  'tenant.activated',
  'tenant.maintenance',
  'tenant.renamed',
  'tenant.archived',
  'tenant.restored',
  'tenant.deleted',
  'tenant.adopted',
  'tenant.released',
  'domain.added',
  'domain.removed',
  'domain.primary',
  'settings.changed',
  'lookups.watching',
  'lookups.degraded',
  'migrations.started',
  'migrations.schema.started',
  'migrations.schema.ended',
  'migrations.ended',
  'usage.exceeded',
  'usage.recorded',
  'connection.discarded',
  'connection.tampered',
  'embedded.progress',
] as const satisfies readonly (keyof TenancyEvents)[]

export class Events<A extends object = Attributes> {
  readonly #emitter = new EventEmitter().setMaxListeners(0)

  /**
   * Calls `listener` at each event of this name. Returns a function that removes the listener.
   * @throws TenancyError INVALID_ARGUMENT
   */
  on<E extends keyof TenancyEvents<A>>(event: E, listener: (payload: TenancyEvents<A>[E]) => unknown): () => void {
    assertEvent(event)
    const warn = (error: unknown): void =>
      process.emitWarning(`A listener of the event "${event}" failed: ${String(error)}`, { code: 'PARTYWALL_LISTENER' })
    const guarded = (payload: TenancyEvents<A>[E]): void => {
      try {
        // A promise that rejects without a handler would end the process.
        Promise.resolve(listener(payload)).catch(warn)
      } catch (error) {
        warn(error)
      }
    }
    this.#emitter.on(event, guarded)
    return () => void this.#emitter.off(event, guarded)
  }

  /** @returns whether the event had a listener; the diagnostics channel does not count */
  emit<E extends keyof TenancyEvents<A>>(event: E, payload: TenancyEvents<A>[E]): boolean {
    channel(`partywall:${event}`).publish(payload)
    return this.#emitter.emit(event, payload)
  }
}

function assertEvent(event: unknown): void {
  if (eventNames.includes(event as (typeof eventNames)[number])) return
  const shown = typeof event === 'string' ? event.slice(0, 60) : typeof event
  const suggestion = nearest(shown, eventNames)
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `There is no event ${JSON.stringify(shown)}. ` +
      (suggestion ? `Did you mean ${JSON.stringify(suggestion)}?` : `The events are ${eventNames.join(', ')}.`),
    { details: { option: 'event', nearest: suggestion } },
  )
}
