/** Metrics that count what the rooms of a tenancy tell while they work. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Counter, Histogram } from 'prom-client'
import type { LookedUp, ObservedTenancy, PoolWaited, ScopeEntered, StatementEnded, StatementRefused } from '../../observation.ts'
import type { Tenant } from '../../types.ts'
import type { MeasuredTenancy, Named } from './measured-tenancy.ts'

/** From a round trip to a statement that someone waits for. */
const statementBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const waitBuckets = [0.0001, 0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10]

/** @returns functions that end the counting */
export function count(tenancy: MeasuredTenancy, chosen: ReadonlySet<string>, named: Named): (() => void)[] {
  const ofKind = ['scope', 'kind'] as const
  const scopes = new Counter({ ...named('scope_entries_total'), help: 'Scopes that were entered.', labelNames: ofKind })
  const statements = new Counter({
    ...named('statements_total'),
    help: 'Statements that ended.',
    labelNames: [...ofKind, 'status'] as const,
  })
  const seconds = new Histogram({
    ...named('statement_duration_seconds'),
    help: 'How long statements took.',
    labelNames: ofKind,
    buckets: statementBuckets,
  })
  const rows = new Counter({
    ...named('statement_rows_total'),
    help: 'Rows that statements returned, wrote or copied.',
    labelNames: ofKind,
  })
  const refused = new Counter({
    ...named('statements_refused_total'),
    help: 'Statements that partywall refused, or the server because of their binding.',
    labelNames: ['code'] as const,
  })
  const waits = new Histogram({
    ...named('pool_wait_seconds'),
    help: 'How long callers waited for a connection.',
    labelNames: ['pool'] as const,
    buckets: waitBuckets,
  })
  const unserved = new Counter({
    ...named('pool_waits_failed_total'),
    help: 'Callers that got no connection.',
    labelNames: ['pool'] as const,
  })
  const lookups = new Counter({
    ...named('lookups_total'),
    help: 'Lookups of tenants, by whether the cache answered.',
    labelNames: ['result'] as const,
  })
  const cached = new Counter({
    ...named('cache_requests_total'),
    help: 'Requests to caches of tenants, by whether the cache answered.',
    labelNames: ['result'] as const,
  })
  const discarded = new Counter({
    ...named('connections_discarded_total'),
    help: 'Connections that were closed in place of being reused.',
  })
  const alarms = new Counter({
    ...named('alarms_total'),
    help: 'Events that a person should look at.',
    labelNames: ['alarm'] as const,
  })
  const ownStatements = new Counter({
    ...named('tenant_statements_total'),
    help: 'Statements of the tenants that were chosen.',
    labelNames: ['tenant'] as const,
  })
  const ownSeconds = new Counter({
    ...named('tenant_statement_seconds_total'),
    help: 'Time of the statements of the tenants that were chosen.',
    labelNames: ['tenant'] as const,
  })

  const on = tenancy.on.bind(tenancy) as MeasuredTenancy['on']
  const alarm = (name: 'connection.tampered' | 'tenant.differs' | 'lookups.degraded'): (() => void) => {
    // Shown as 0 before the first: a rate cannot be told from a series that begins with 1.
    alarms.inc({ alarm: name }, 0)
    return on(name, () => alarms.inc({ alarm: name }))
  }
  return [
    hear<ScopeEntered>(tenancy, 'scope.entered', ({ tenant }) => scopes.inc(labelsOf(tenant))),
    hear<StatementEnded>(tenancy, 'statement.ended', ({ tenant, durationMs, rows: number, error }) => {
      const labels = labelsOf(tenant)
      statements.inc({ ...labels, status: error === undefined ? 'ok' : 'failed' })
      seconds.observe(labels, durationMs / 1000)
      if (number > 0) rows.inc(labels, number)
      if (tenant === undefined || (!chosen.has(tenant.schema) && !chosen.has(tenant.id))) return
      ownStatements.inc({ tenant: tenant.schema })
      ownSeconds.inc({ tenant: tenant.schema }, durationMs / 1000)
    }),
    hear<StatementRefused>(tenancy, 'statement.refused', ({ code }) => refused.inc({ code })),
    hear<PoolWaited>(tenancy, 'pool.waited', ({ pool, durationMs, error }) => {
      waits.observe({ pool }, durationMs / 1000)
      if (error !== undefined) unserved.inc({ pool })
    }),
    hear<LookedUp>(tenancy, 'lookup', ({ hit }) => lookups.inc({ result: hit ? 'hit' : 'miss' })),
    hear<{ readonly hit?: unknown } & ObservedTenancy>(tenancy, 'cache', ({ hit }) => {
      if (typeof hit === 'boolean') cached.inc({ result: hit ? 'hit' : 'miss' })
    }),
    on('connection.discarded', () => discarded.inc()),
    alarm('connection.tampered'),
    alarm('tenant.differs'),
    alarm('lookups.degraded'),
  ]
}

/** Kinds are named by the configuration, so there are few. */
function labelsOf(tenant: Tenant<any> | undefined): { scope: string; kind: string } {
  return tenant === undefined ? { scope: 'shared', kind: '' } : { scope: 'tenant', kind: tenant.kind }
}

/** A channel belongs to the process: messages of other tenancies are left alone. One that names no tenancy is for all of them. */
function hear<M extends ObservedTenancy>(tenancy: MeasuredTenancy, channel: string, listener: (message: M) => void): () => void {
  const name = `partywall:${channel}`
  const guarded = (message: unknown): void => {
    const { tenancy: of } = (message ?? {}) as Partial<ObservedTenancy>
    if (of === undefined || of === tenancy.options) listener((message ?? {}) as M)
  }
  subscribe(name, guarded)
  return () => void unsubscribe(name, guarded)
}
