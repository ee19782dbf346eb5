/** The tenant from a claim of a token that was verified already. The token's issuer chose it, not the client. */
import type { Hint, NamedResolver, RequestFacts } from '../ports/resolver.ts'
import { assertKnownKeys } from '../known-keys.ts'
import { checkedName } from './text-resolver.ts'
import { nameReader, type NameForm } from './name-forms.ts'

export interface ClaimOptions {
  /** What the claim may hold; `['externalId']` for the id of an organisation in a hosted sign-in. @default ['id', 'schema'] */
  accept?: readonly NameForm[]
}

/**
 * Reads the tenant from the claim `name` of the token that an earlier middleware verified; the adapter's option `claims` passes them on. Without claims, or
 * without this one, the request names no tenant; a claim that is no text, or malformed, is `invalid`. `.by` is `claim <name>`. Costs no query itself.
 * @example app.use(tenantScope(tenancy, { claims: (req) => req.auth })) // with resolve: [byClaim('tenant_id')]
 * @throws TenancyError INVALID_OPTION
 */
export function byClaim(name: string, options: ClaimOptions = {}): NamedResolver {
  assertKnownKeys('byClaim', options, ['accept'], 'INVALID_OPTION')
  const claim = checkedName('byClaim', name, /^.{1,200}$/s, 'a claim has a name of 1 to 200 characters')
  const { read, wanted } = nameReader('byClaim', options.accept)

  function resolve({ claims }: RequestFacts): Hint {
    if (claims === undefined || !Object.hasOwn(claims, claim)) return { outcome: 'none' }
    const value = claims[claim]
    const ref = typeof value === 'string' ? read(value) : undefined
    return ref === undefined ? { outcome: 'invalid', reason: `the claim ${claim} is not ${wanted}` } : { outcome: 'tenant', ref }
  }

  return { name: `claim ${claim}`, resolve, trusted: true, reads: 'claim' }
}
