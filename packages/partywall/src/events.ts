/**
 * What a tenancy tells about itself, for logs and metrics. Each event also goes to the diagnostics channel `partywall:<event>`,
 * so that a tool can listen without holding the tenancy. A listener cannot disturb the work: what it throws becomes a warning.
 */
import { channel } from 'node:diagnostics_channel'
import { EventEmitter } from 'node:events'
import type { MigrationEntry, MigrationReport } from './types.ts'
import type { Attributes, Domain, Tenant } from './types.ts'

export interface TenancyEvents<A extends object = Attributes> {
  /** A tenant is there, complete and active. */
  'tenant.created': { readonly tenant: Tenant<A> }
  /** Its name, attributes or status changed. */
  'tenant.updated': { readonly tenant: Tenant<A> }
  'domain.added': { readonly domain: Domain }
  'domain.removed': { readonly domain: string; readonly tenantId: string }
  /** A run of migrations knows what it has to do, and begins. */
  'migrations.started': MigrationsStarted
  /** A schema gets its turn. */
  'migration.started': MigrationStarted
  /** A schema had its turn, or was skipped and never gets one: the only end without a start. */
  'migration.ended': { readonly entry: MigrationEntry }
  /** The run that started is over, and on the disk. */
  'migrations.ended': MigrationsEnded
  /** A connection was destroyed instead of reused; `reason` says what was left on it. */
  'connection.discarded': { readonly reason: string }
  /**
   * An alarm: the search path of a pooled connection was changed for good, by a function for example. No statement of a tenant used it, each
   * brings its own; but code that does so once may do worse. The connection is discarded. PostgreSQL 18 and newer tell of it.
   */
  'connection.tampered': Tampering
  /** The embedded PostgreSQL is being made ready. Without a listener the line goes to stderr. */
  'embedded.progress': { readonly line: string }
}

/** What was seen. A search path names schemas, and nothing else. */
export interface Tampering {
  /** The search path that the session was left with. */
  readonly searchPath: string
  /** The one that it had when it came into the pool. */
  readonly expected: string
  /** Whose statements the connection was lent for when it was noticed. */
  readonly schema: string
}

export interface MigrationsStarted {
  /** Under which the run is recorded in the catalog; absent when there is nothing to do. */
  readonly runId?: string
  /** How many schemas have something to do. Tenants that are made during the run may add to it. */
  readonly targets: number
  readonly direction: 'up' | 'down'
  /** Migrations are only written down as applied. */
  readonly fake: boolean
}

export interface MigrationStarted {
  /** The schema of a tenant, or 'shared' for the shared schema. */
  readonly target: string
  /** Absent for the shared schema. */
  readonly tenantId?: string
  /** Names of the migrations that are to be applied, or undone, in order. */
  readonly pending: readonly string[]
}

/** A report of all schemas; or `error` alone, when the run itself broke off, e.g. because the catalog could not be reached any more. */
export interface MigrationsEnded {
  readonly report?: MigrationReport
  readonly error?: unknown
}

export class Events<A extends object = Attributes> {
  readonly #emitter = new EventEmitter()

  /** Calls `listener` at each event of this name; returns the function that ends it. */
  on<E extends keyof TenancyEvents<A>>(event: E, listener: (payload: TenancyEvents<A>[E]) => void): () => void {
    const guarded = (payload: TenancyEvents<A>[E]): void => {
      try {
        listener(payload)
      } catch (error) {
        process.emitWarning(`A listener of the event "${event}" threw: ${String(error)}`, { code: 'PARTYWALL_LISTENER' })
      }
    }
    this.#emitter.on(event, guarded)
    return () => void this.#emitter.off(event, guarded)
  }

  /** Whether anybody but the diagnostics channel heard it. */
  emit<E extends keyof TenancyEvents<A>>(event: E, payload: TenancyEvents<A>[E]): boolean {
    channel(`partywall:${event}`).publish(payload)
    return this.#emitter.emit(event, payload)
  }
}
