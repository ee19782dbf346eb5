/**
 * What the rooms of one tenancy tell about their work while they do it: which scopes are entered, which statements are sent, who waits for a connection,
 * which lookups the cache answers. It goes to channels of node:diagnostics_channel, for tools that count and trace, and to the meter of the tenancy.
 * Without a reader, a statement costs a few comparisons.
 *
 * A reader runs in the async context of whatever caused the message, mostly the answer of the server: it must take the tenant from the message, never from the scope.
 */
import { channel } from 'node:diagnostics_channel'
import { TenancyError, type TenancyErrorCode } from './errors.ts'
import type { Tenant } from './types.ts'

/** In every message. */
export interface ObservedTenancy {
  /** `tenancy.options`: one object for all messages of a tenancy, and another one for each other tenancy of the process. */
  readonly tenancy: object
}

/** `partywall:scope.entered` */
export interface ScopeEntered extends ObservedTenancy {
  readonly kind: 'tenant' | 'shared'
  /** Absent in the shared scope. */
  readonly tenant?: Tenant<any>
}

/** `partywall:scope.left`: what was run in the scope has ended. */
export interface ScopeLeft extends ScopeEntered {
  readonly durationMs: number
  /** What it threw, or rejected with. */
  readonly error?: unknown
}

/** `partywall:statement.issued` */
export interface StatementIssued extends ObservedTenancy {
  /** The schema that its names are looked up in first. */
  readonly schema: string
  /** Absent for the shared schema, the catalog and migrations. */
  readonly tenant?: Tenant<any>
  /** As it was given. It has no values of parameters, but what code writes into a statement is in it. */
  readonly text: string
}

/** `partywall:statement.ended`: also when it failed. A cursor or a stream ends when it was read or closed. */
export interface StatementEnded extends StatementIssued {
  /** From the statement, or from the end of the one before it on its connection, to the end of its answer. */
  readonly durationMs: number
  /** Returned, written or copied. */
  readonly rows: number
  /** On the connection, with the binding; without what TLS adds. */
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly error?: unknown
}

/** `partywall:statement.refused`: by partywall, or by the server because of its binding. A statement without a scope has neither schema nor tenant. */
export interface StatementRefused extends ObservedTenancy {
  readonly schema?: string
  readonly tenant?: Tenant<any>
  readonly code: TenancyErrorCode
  readonly error: TenancyError
}

/** Which connections: those of `tenancy.pool`, those of `tenancy.sharedPool`, and those of partywall's own work. */
export type ObservedPool = 'tenants' | 'shared' | 'work'

/** `partywall:pool.waited`: how long a caller waited for a connection, with `error` when it got none. */
export interface PoolWaited extends ObservedTenancy {
  readonly pool: ObservedPool
  readonly schema: string
  readonly tenant?: Tenant<any>
  readonly durationMs: number
  readonly error?: unknown
}

/** `partywall:lookup`: a tenant was looked up. `hit`: the cache has answered, also that there is none. */
export interface LookedUp extends ObservedTenancy {
  readonly hit: boolean
}

const scopeEntered = channel('partywall:scope.entered')
const scopeLeft = channel('partywall:scope.left')
const issued = channel('partywall:statement.issued')
const ended = channel('partywall:statement.ended')
const refused = channel('partywall:statement.refused')
const poolWaited = channel('partywall:pool.waited')
const lookup = channel('partywall:lookup')

/** For whom a statement runs: a binding. */
export interface ObservedBinding {
  readonly schema: string
  readonly tenant?: Tenant<any>
}

/** The scope that is entered. */
export type ObservedScope = { readonly kind: 'tenant'; readonly tenant: Tenant<any> } | { readonly kind: 'shared' }

/** Counts what each tenant uses. */
export interface StatementMeter {
  /** One more statement of this tenant. @throws TenancyError USAGE_EXCEEDED */
  admit(tenant: Tenant<any>): void
  entered(tenant: Tenant<any>): void
  count(tenant: Tenant<any>, statement: StatementUse): void
}

export interface StatementUse {
  readonly durationMs: number
  readonly rows: number
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly hasFailed: boolean
}

/** The counters of one connection, whose statements run one after the other. */
export interface WireCounters {
  /** When its last statement ended, on the clock of `performance.now`. */
  endedAt: number
  /** Notes what went over it since the last call. */
  look(): void
  readonly bytesSent: number
  readonly bytesReceived: number
}

/** The property by which the parts of the package that are imported on their own reach the observation of a tenancy. Shared by all copies. */
export const observationKey: unique symbol = Symbol.for('partywall.observation') as never

export class Observation {
  readonly #tenancy: object
  /** Counts for `tenancy.usage`. */
  meter: StatementMeter | undefined
  /** Runs what is run in a scope, inside of that scope: for spans around it. */
  around: (<T>(scope: ObservedScope, fn: () => T) => T) | undefined
  /** A comment for the end of a statement, in the async context of its caller. */
  comment: ((binding: ObservedBinding) => string | undefined) | undefined
  /** Whether statements are sent in the async context of their caller, for tools that patch node-postgres and read the current span there. */
  keepsContext = false

  /** @param tenancy the object that names the tenancy in messages */
  constructor(tenancy: object) {
    this.#tenancy = tenancy
  }

  get watchesScopes(): boolean {
    return this.meter !== undefined || this.around !== undefined || scopeEntered.hasSubscribers || scopeLeft.hasSubscribers
  }

  /** Runs `fn`, inside of the scope that was entered. */
  scope<T>(entered: ObservedScope, fn: () => T): T {
    const { around } = this
    if (entered.kind === 'tenant') this.meter?.entered(entered.tenant)
    if (scopeEntered.hasSubscribers) scopeEntered.publish({ tenancy: this.#tenancy, ...entered } satisfies ScopeEntered)
    const run = around === undefined ? fn : () => around(entered, fn)
    return scopeLeft.hasSubscribers ? untilEnd(run, { tenancy: this.#tenancy, ...entered }) : run()
  }

  get watchesStatements(): boolean {
    return this.meter !== undefined || issued.hasSubscribers || ended.hasSubscribers || refused.hasSubscribers
  }

  /** A statement is sent. @returns what is to be called at its end */
  statement(binding: ObservedBinding, text: string, wire: WireCounters): (error: unknown, rows: number) => void {
    if (issued.hasSubscribers) issued.publish(this.#issued(binding, text))
    const issuedAt = performance.now()
    return (error, rows) => {
      const now = performance.now()
      const durationMs = now - Math.max(issuedAt, wire.endedAt)
      wire.endedAt = now
      wire.look()
      const { bytesSent, bytesReceived } = wire
      const hasFailed = error !== undefined && error !== null
      if (this.meter !== undefined && binding.tenant !== undefined)
        this.meter.count(binding.tenant, { durationMs, rows, bytesSent, bytesReceived, hasFailed })
      if (ended.hasSubscribers) {
        const use = { durationMs, rows, bytesSent, bytesReceived, ...(hasFailed && { error }) }
        ended.publish({ ...this.#issued(binding, text), ...use } satisfies StatementEnded)
      }
      if (hasFailed) this.refused(error, binding)
    }
  }

  #issued({ schema, tenant }: ObservedBinding, text: string): StatementIssued {
    return { tenancy: this.#tenancy, schema, ...(tenant && { tenant }), text }
  }

  /** One more statement of this binding. @throws TenancyError USAGE_EXCEEDED */
  admit({ tenant }: ObservedBinding): void {
    if (this.meter !== undefined && tenant !== undefined) this.meter.admit(tenant)
  }

  /** A statement has failed: was it refused? */
  refused(error: unknown, binding?: ObservedBinding): void {
    if (!refused.hasSubscribers || !(error instanceof TenancyError)) return
    const { schema, tenant } = binding ?? {}
    const message: StatementRefused = {
      tenancy: this.#tenancy,
      ...(schema !== undefined && { schema }),
      ...(tenant && { tenant }),
      code: error.code,
      error,
    }
    refused.publish(message)
  }

  get watchesWaits(): boolean {
    return poolWaited.hasSubscribers
  }

  /** A caller begins to wait for a connection. @returns what is to be called when it has one, or none */
  waiting(pool: ObservedPool, { schema, tenant }: ObservedBinding): (error: unknown) => void {
    const began = performance.now()
    return (error) => {
      const message: PoolWaited = {
        tenancy: this.#tenancy,
        pool,
        schema,
        ...(tenant && { tenant }),
        durationMs: performance.now() - began,
        ...(error !== undefined && { error }),
      }
      poolWaited.publish(message)
    }
  }

  lookedUp(hit: boolean): void {
    if (lookup.hasSubscribers) lookup.publish({ tenancy: this.#tenancy, hit } satisfies LookedUp)
  }
}

function untilEnd<T>(run: () => T, message: ScopeEntered): T {
  const began = performance.now()
  const leave = (error?: { readonly error: unknown }): void =>
    scopeLeft.publish({ ...message, durationMs: performance.now() - began, ...error } satisfies ScopeLeft)
  const failed = (error: unknown): never => {
    leave({ error })
    throw error
  }
  let result: T
  try {
    result = run()
  } catch (error) {
    return failed(error)
  }
  if (result instanceof Promise) {
    const passOn = (value: unknown): unknown => {
      leave()
      return value
    }
    return result.then(passOn, failed) as T
  }
  leave()
  return result
}
