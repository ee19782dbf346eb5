/**
 * The tenant on every span. A span belongs to the scope in which it is started. Tools that patch node-postgres start theirs when a statement is sent, which may be in
 * the call that gave a connection back, of another tenant: so statements are sent in the context of their callers as soon as there is a processor.
 */
import type { Attributes, Span } from '@opentelemetry/api'
import { observationOf, type TracedTenancy } from './observed-tenancy.ts'

/**
 * A SpanProcessor that gives each span the attributes `partywall.tenant.id` and `partywall.tenant.schema`, or `partywall.scope: "shared"` in the shared scope. It
 * exports nothing; put it in front of the one that does. It never throws at a span.
 * @example new NodeTracerProvider({ spanProcessors: [new TenantSpanProcessor(tenancy), new BatchSpanProcessor(exporter)] })
 * @throws TenancyError INVALID_OPTION
 */
export class TenantSpanProcessor {
  readonly #tenancy: TracedTenancy

  constructor(tenancy: TracedTenancy) {
    observationOf('TenantSpanProcessor', tenancy).keepsContext = true
    this.#tenancy = tenancy
  }

  onStart(span: Pick<Span, 'setAttributes'>): void {
    const attributes = attributesOf(this.#tenancy.scope())
    if (attributes !== undefined) span.setAttributes(attributes)
  }

  onEnd(): void {}

  forceFlush(): Promise<void> {
    return Promise.resolve()
  }

  shutdown(): Promise<void> {
    return Promise.resolve()
  }
}

/** Undefined outside every scope. */
export function attributesOf(scope: ReturnType<TracedTenancy['scope']>): Attributes | undefined {
  if (scope === undefined) return undefined
  if (scope.kind === 'shared') return { 'partywall.scope': 'shared' }
  return { 'partywall.tenant.id': scope.tenant.id, 'partywall.tenant.schema': scope.tenant.schema }
}
