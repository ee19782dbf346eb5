/**
 * What the resolvers have in common that read the name of a tenant from a text which the client sends: a header, the query, a cookie. Exactly one value,
 * in one of the accepted forms; anything else is `invalid` and never another tenant.
 */
import { TenancyError } from '../errors.ts'
import { assertKnownKeys } from '../known-keys.ts'
import { seen } from '../seen.ts'
import type { Hint, NamedResolver, RequestFacts } from '../ports/resolver.ts'
import { nameReader, type NameForm } from './name-forms.ts'

export interface TextResolverOptions {
  /** What the text may hold: the id of a tenant, the name of its schema; or `['externalId']`, its key in another system. Never a domain: domains are read from the host only. @default ['id', 'schema'] */
  accept?: readonly NameForm[]
  /**
   * Says that no client can choose its tenant by it: a gateway sets it and removes what the client sent, or your authentication checks that
   * the user belongs to the tenant. Without it an adapter starts only with `authorize`. @default false
   */
  trusted?: boolean
}

export interface TextPlace {
  /** The resolver's function, for messages about its options: `byHeader`. */
  readonly what: string
  /** What `Resolution.by` says: `header x-tenant-id`. */
  readonly name: string
  readonly reads: NonNullable<NamedResolver['reads']>
  /** Every value that the request has for it. @throws TenancyError INVALID_TENANT_REF when they cannot be read */
  readonly values: (facts: RequestFacts) => readonly string[]
}

/** @throws TenancyError INVALID_OPTION */
export function textResolver({ what, name, reads, values }: TextPlace, options: TextResolverOptions): NamedResolver {
  assertKnownKeys(what, options, ['accept', 'trusted'], 'INVALID_OPTION')
  const { read, wanted } = nameReader(what, options.accept)
  const trusted = checkedTrusted(what, options.trusted)

  function resolve(facts: RequestFacts): Hint {
    const [value, ...others] = values(facts)
    if (value === undefined) return { outcome: 'none' }
    // Two values, or a list in one: a gateway may have read another one of them than this resolver would.
    if (others.length > 0 || value.includes(',')) return invalid('is given more than once')
    if (value === '') return invalid('is empty')
    const ref = read(value)
    return ref === undefined ? invalid(`is not ${wanted}`) : { outcome: 'tenant', ref }
  }

  function invalid(problem: string): Hint {
    return { outcome: 'invalid', reason: `the ${name} ${problem}` }
  }

  return { name, resolve, trusted, reads }
}

/** @throws TenancyError INVALID_OPTION */
export function checkedTrusted(what: string, trusted: unknown = false): boolean {
  if (typeof trusted === 'boolean') return trusted
  const shown = seen(trusted, 'quoted')
  throw new TenancyError('INVALID_OPTION', `The option "trusted" of ${what} must be true or false, not ${shown}.`, {
    details: { option: 'trusted', seen: shown },
  })
}

/** The name of a header, a cookie or a parameter. @throws TenancyError INVALID_OPTION */
export function checkedName(what: string, name: unknown, form: RegExp, problem: string): string {
  if (typeof name === 'string' && form.test(name)) return name
  throw nameRefused(what, name, problem)
}

export function nameRefused(what: string, name: unknown, problem: string): TenancyError<'INVALID_OPTION'> {
  const shown = seen(name, 'quoted')
  return new TenancyError('INVALID_OPTION', `${what} cannot read ${shown}: ${problem}.`, {
    details: { option: 'name', seen: shown },
  })
}

/** What HTTP allows as the name of a header or a cookie. */
export const tokenForm = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i
