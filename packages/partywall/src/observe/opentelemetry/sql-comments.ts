/** Comments behind statements, in the form of sqlcommenter, so that the server's own views and logs name the tenant and the trace. */
import { trace } from '@opentelemetry/api'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { ObservedBinding } from '../../observation.ts'
import { seen } from '../../seen.ts'
import { observationOf, type TracedTenancy } from './observed-tenancy.ts'

export interface SqlCommentOptions {
  /** What names the tenant: its schema, its id, or nothing. @default 'schema' */
  readonly tenant?: 'schema' | 'id' | false | undefined
  /** The current span, as W3C Trace Context writes it. @default true */
  readonly traceparent?: boolean | undefined
}

/**
 * Appends a comment such as `/*tenant='acme',traceparent='00-…-01'*\/` to the statements of a tenancy. Not to named statements, whose name stands for one text; not
 * to statements that control a transaction; and not to query objects such as cursors and COPY, which write their own messages. Returns a function that ends it.
 * @example const stop = sqlComments(tenancy)
 * @throws TenancyError INVALID_OPTION
 */
export function sqlComments(tenancy: TracedTenancy, options: SqlCommentOptions = {}): () => void {
  assertKnownKeys('sqlComments', options, ['tenant', 'traceparent'], 'INVALID_OPTION')
  const observation = observationOf('sqlComments', tenancy)
  const { tenant: by = 'schema', traceparent = true } = options
  if (by !== false && by !== 'schema' && by !== 'id') {
    throw new TenancyError(
      'INVALID_OPTION',
      `"tenant" of sqlComments must be 'schema', 'id' or false; it is ${seen(by, 'quoted')}.`,
      {
        details: { option: 'tenant', what: 'sqlComments' },
      },
    )
  }
  observation.comment = ({ tenant }: ObservedBinding) => {
    const pairs = [
      ...(by !== false && tenant !== undefined ? [['tenant', tenant[by]] as const] : []),
      ...(traceparent ? traceparentPair() : []),
    ]
    return pairs.length === 0 ? undefined : pairs.map(([key, value]) => `${key}='${escaped(value)}'`).join(',')
  }
  return () => void (observation.comment = undefined)
}

function traceparentPair(): (readonly [string, string])[] {
  const span = trace.getActiveSpan()?.spanContext()
  if (span === undefined || !/^[0-9a-f]{32}$/.test(span.traceId) || !/^[0-9a-f]{16}$/.test(span.spanId)) return []
  return [['traceparent', `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`]]
}

/** As sqlcommenter demands: neither a quote nor the end of a comment is left. A name may hold half of a surrogate pair, which has no encoding. */
function escaped(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replaceAll(
    /['*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
