/** Spans around scopes and runs of migrations, and the tenant in the baggage. All of it is off until it is asked for. */
import { context, propagation, SpanStatusCode, trace, type Context, type Span, type Tracer } from '@opentelemetry/api'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { ObservedScope } from '../../observation.ts'
import { version } from '../../version.ts'
import { observationOf, type TracedTenancy } from './observed-tenancy.ts'
import { attributesOf } from './tenant-span-processor.ts'

export interface TraceOptions {
  /** A span `partywall.scope` around what runs in a scope; spans that are started there are its children. @default false */
  readonly scopes?: boolean | undefined
  /** A span `partywall.migrations` for each run of migrations, with a child for each schema. @default false */
  readonly migrations?: boolean | undefined
  /**
   * The id of the tenant as `partywall.tenant.id` in the baggage. What sends baggage on, such as an instrumented HTTP client, sends it to every host that it calls.
   * @default false
   */
  readonly baggage?: boolean | undefined
  /** @default that of the global provider, named partywall */
  readonly tracer?: Tracer | undefined
}

/**
 * Adds what the options name to the traces of a tenancy. Returns a function that ends it. Costs nothing for scopes without `scopes` and `baggage`.
 * @example const stop = traceTenancy(tenancy, { scopes: true, migrations: true })
 * @throws TenancyError INVALID_OPTION
 */
export function traceTenancy(tenancy: TracedTenancy, options: TraceOptions = {}): () => void {
  assertKnownKeys('traceTenancy', options, ['scopes', 'migrations', 'baggage', 'tracer'], 'INVALID_OPTION')
  const observation = observationOf('traceTenancy', tenancy)
  const { scopes = false, migrations = false, baggage = false } = options
  // The global provider may be set later: its proxy finds it.
  const tracer = options.tracer ?? trace.getTracer('partywall', version)
  const stops: (() => void)[] = []
  if (scopes || baggage) {
    if (observation.around !== undefined) {
      throw new TenancyError(
        'INVALID_OPTION',
        'traceTenancy is called for the second time, and scopes are traced already. End the first by its function.',
        {
          details: { what: 'traceTenancy', option: scopes ? 'scopes' : 'baggage' },
        },
      )
    }
    observation.around = <T>(scope: ObservedScope, fn: () => T): T => {
      const within = baggage ? withBaggage(context.active(), scope) : context.active()
      if (!scopes) return context.with(within, fn)
      const span = tracer.startSpan('partywall.scope', { attributes: attributesOf(scope) ?? {} }, within)
      return context.with(trace.setSpan(within, span), () => endingWith(span, fn))
    }
    stops.push(() => void (observation.around = undefined))
  }
  if (migrations) stops.push(...traceMigrations(tenancy, tracer))
  return () => {
    for (const stop of stops.splice(0)) stop()
  }
}

const baggageKey = 'partywall.tenant.id'

/** In the shared scope the tenant of an outer scope is taken out again. */
function withBaggage(active: Context, scope: ObservedScope): Context {
  const before = propagation.getBaggage(active) ?? propagation.createBaggage()
  const after = scope.kind === 'tenant' ? before.setEntry(baggageKey, { value: scope.tenant.id }) : before.removeEntry(baggageKey)
  return propagation.setBaggage(active, after)
}

function endingWith<T>(span: Span, fn: () => T): T {
  const failed = (error: unknown): never => {
    endFailed(span, error)
    throw error
  }
  let result: T
  try {
    result = fn()
  } catch (error) {
    return failed(error)
  }
  if (result instanceof Promise) {
    const passOn = (value: unknown): unknown => {
      span.end()
      return value
    }
    return result.then(passOn, failed) as T
  }
  span.end()
  return result
}

/** The code or the name of the error, not its message, which may quote rows. */
function endFailed(span: Span, error: unknown): void {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown }
  span.setAttribute('error.type', typeof code === 'string' ? code : typeof name === 'string' ? name : 'error')
  span.setStatus({ code: SpanStatusCode.ERROR })
  span.end()
}

function traceMigrations(tenancy: TracedTenancy, tracer: Tracer): (() => void)[] {
  let run: Span | undefined
  const schemas = new Map<string, Span>()
  return [
    tenancy.on('migrations.started', ({ runId, targets, direction }) => {
      run = tracer.startSpan('partywall.migrations', {
        attributes: {
          'partywall.migrations.direction': direction,
          'partywall.migrations.targets': targets,
          ...(runId !== undefined && { 'partywall.migrations.run': runId }),
        },
      })
    }),
    tenancy.on('migrations.schema.started', ({ target, tenantId, pending }) => {
      const within = run === undefined ? context.active() : trace.setSpan(context.active(), run)
      const attributes = {
        'partywall.migrations.schema': target,
        'partywall.migrations.pending': pending.length,
        ...(tenantId !== undefined && { 'partywall.tenant.id': tenantId, 'partywall.tenant.schema': target }),
      }
      schemas.set(target, tracer.startSpan('partywall.migrations.schema', { attributes }, within))
    }),
    tenancy.on('migrations.schema.ended', ({ entry }) => {
      const span = schemas.get(entry.target)
      schemas.delete(entry.target)
      if (span === undefined) return
      span.setAttribute('partywall.migrations.applied', entry.applied.length)
      if (entry.state === 'failed') endFailed(span, entry.error)
      else span.end()
    }),
    tenancy.on('migrations.ended', ({ error, report }) => {
      if (run === undefined) return
      if (error !== undefined || report?.ok === false) endFailed(run, error ?? { name: 'FLEET_FAILED' })
      else run.end()
      run = undefined
    }),
  ]
}
