/**
 * The tenant that a signed-in user chose last, from the session which an earlier middleware loaded. No client can write it; but the user may have left the
 * tenant since, or a tenant's host may have got the session of another one, so a membership must be checked with each request.
 */
import { TenancyError } from '../errors.ts'
import { assertKnownKeys } from '../known-keys.ts'
import type { Hint, NamedResolver, RequestFacts } from '../ports/resolver.ts'
import { seen } from '../seen.ts'
import { nameReader, type NameForm } from './name-forms.ts'
import { checkedTrusted } from './text-resolver.ts'

export interface SessionResolverOptions {
  /** What the session may hold. @default ['id', 'schema'] */
  accept?: readonly NameForm[]
  /**
   * Says that your authentication checks with each request that the user belongs to the tenant. Without it an adapter starts only with `authorize`.
   * @default false
   */
  trusted?: boolean
}

/** Gives the tenant of a session; undefined and null where none was chosen. The session is what the adapter's option `claims` returned. */
export type SessionReader = (session: Readonly<Record<string, unknown>>) => unknown

/**
 * Reads the tenant from the session, by the name of its field or by a function; the adapter's option `claims` passes the session on. Without a session, or before the
 * user has chosen, the request names no tenant; a value that is no text, or malformed, is `invalid`. `.by` is `session`. Costs no query itself.
 * @example app.use(tenantScope(tenancy, { claims: (req) => req.session, authorize: isMember })) // with resolve: [bySession('tenantId')]
 * @throws TenancyError INVALID_OPTION
 */
export function bySession(field: string | SessionReader, options: SessionResolverOptions = {}): NamedResolver {
  assertKnownKeys('bySession', options, ['accept', 'trusted'], 'INVALID_OPTION')
  const valueOf = checkedReader(field)
  const { read, wanted } = nameReader('bySession', options.accept)
  const trusted = checkedTrusted('bySession', options.trusted)

  function resolve({ claims }: RequestFacts): Hint {
    const value = claims === undefined ? undefined : valueOf(claims)
    if (value === undefined || value === null) return { outcome: 'none' }
    const ref = typeof value === 'string' ? read(value) : undefined
    return ref === undefined
      ? { outcome: 'invalid', reason: `the tenant in the session is not ${wanted}` }
      : { outcome: 'tenant', ref }
  }

  return { name: 'session', resolve, trusted, reads: 'session' }
}

function checkedReader(field: unknown): SessionReader {
  if (typeof field === 'function') return field as SessionReader
  // Only a field of the session itself: every object has a `constructor`.
  if (typeof field === 'string' && field !== '') return (session) => (Object.hasOwn(session, field) ? session[field] : undefined)
  const shown = seen(field, 'quoted')
  throw new TenancyError(
    'INVALID_OPTION',
    `bySession takes the name of a field of the session, or a function; it got ${shown}.`,
    {
      details: { option: 'field', seen: shown },
    },
  )
}
