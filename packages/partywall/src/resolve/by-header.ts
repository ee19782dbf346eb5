/**
 * The tenant from a request header. A header is chosen by the client: it says which tenant is MEANT, never that the caller may use it.
 * Use it behind a gateway that sets it, or together with an authentication that knows the members of each tenant.
 */
import { TenancyError } from '../errors.ts'
import { assertKnownKeys } from '../known-keys.ts'
import { seen } from '../seen.ts'
import type { Hint, NamedResolver, RequestFacts } from '../ports/resolver.ts'
import { nameReader, type NameForm } from './name-forms.ts'

export interface HeaderOptions {
  /** What the header may hold: the id of a tenant, the name of its schema. Never a domain: domains are read from the host only. @default ['id', 'schema'] */
  accept?: readonly NameForm[]
  /**
   * Says to `partywall check` that no client can choose its tenant by the header: a gateway sets it and removes what the client sent, or your
   * authentication checks that the user belongs to the tenant. Changes nothing else. @default false
   */
  trusted?: boolean
}

/**
 * Reads the tenant from the header `name`. A request without it names no tenant; an empty, repeated or malformed one is `invalid`.
 * `.by` is `header <name>`.
 * @example resolve: [byHost({ base: 'example.com' }), byHeader('x-tenant-id')]
 * @throws TenancyError INVALID_OPTION
 */
export function byHeader(name: string, options: HeaderOptions = {}): NamedResolver {
  assertKnownKeys('byHeader', options, ['accept', 'trusted'], 'INVALID_OPTION')
  const header = headerName(name)
  const { read, wanted } = nameReader('byHeader', options.accept)
  const trusted = checkedTrusted(options.trusted ?? false)

  function resolve({ headers }: RequestFacts): Hint {
    const given = headers?.[header]
    const values = given === undefined ? [] : [given].flat()
    if (values.length === 0) return { outcome: 'none' }
    // Two values, or a list in one: a gateway may have read another one of them than this resolver would.
    if (values.length > 1 || values[0]!.includes(',')) return invalid('is given more than once')
    const value = values[0]!
    if (value === '') return invalid('is empty')
    const ref = read(value)
    return ref === undefined ? invalid(`is not ${wanted}`) : { outcome: 'tenant', ref }
  }

  function invalid(what: string): Hint {
    return { outcome: 'invalid', reason: `the header ${header} ${what}` }
  }

  return { name: `header ${header}`, resolve, trusted, reads: 'header' }
}

function headerName(name: unknown): string {
  const isToken = typeof name === 'string' && /^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name)
  const problem = !isToken
    ? 'it is not the name of a header'
    : name.toLowerCase() === 'host'
      ? 'the host is read by byHost'
      : undefined
  if (isToken && problem === undefined) return name.toLowerCase()
  const shown = seen(name, 'quoted')
  throw new TenancyError('INVALID_OPTION', `byHeader cannot read ${shown}: ${problem}.`, {
    details: { option: 'name', seen: shown },
  })
}

function checkedTrusted(trusted: unknown): boolean {
  if (typeof trusted === 'boolean') return trusted
  const shown = seen(trusted, 'quoted')
  throw new TenancyError('INVALID_OPTION', `The option "trusted" of byHeader must be true or false, not ${shown}.`, {
    details: { option: 'trusted', seen: shown },
  })
}
