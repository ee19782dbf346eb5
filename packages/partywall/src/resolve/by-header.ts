/**
 * The tenant from a request header. A header is chosen by the client: it says which tenant is MEANT, never that the caller may.
 * Use it behind a gateway that sets it, or together with an authentication that knows the members of each tenant.
 */
import { isUuid, schemaNameProblem } from '../names/identifier.ts'
import { TenancyError } from '../errors.ts'
import { assertKnownKeys } from '../known-keys.ts'
import type { TenantRef } from '../types.ts'
import type { Hint, NamedResolver, RequestFacts } from '../ports/resolver.ts'

type Accepted = 'id' | 'schema'

export interface HeaderOptions {
  /** What the header may hold: the id of a tenant, the name of its schema. Never a domain: that is the host's. @default ['id', 'schema'] */
  accept?: readonly Accepted[]
}

/**
 * Reads the tenant from the header `name`. A request without it names nobody; an empty, repeated or malformed one is `invalid`.
 * `.by` is `header <name>`.
 * @example resolve: [byHost({ base: 'example.com' }), byHeader('x-tenant-id')]
 * @throws TenancyError INVALID_OPTION
 */
export function byHeader(name: string, options: HeaderOptions = {}): NamedResolver {
  assertKnownKeys('byHeader', options, ['accept'], 'INVALID_OPTION')
  const header = headerName(name)
  const accept = acceptOption(options.accept ?? ['id', 'schema'])
  const wanted = accept.map((form) => forms[form].called).join(' or ')

  function resolve({ headers }: RequestFacts): Hint {
    const given = headers?.[header]
    const values = given === undefined ? [] : [given].flat()
    if (values.length === 0) return { outcome: 'none' }
    // Two values, or a list in one: which of them counts would depend on who reads it, the gateway or we.
    if (values.length > 1 || values[0]!.includes(',')) return invalid('is given more than once')
    const value = values[0]!
    if (value === '') return invalid('is empty')
    for (const form of accept) {
      const ref = forms[form].read(value)
      if (ref !== undefined) return { outcome: 'tenant', ref }
    }
    return invalid(`is not ${wanted}`)
  }

  function invalid(what: string): Hint {
    return { outcome: 'invalid', reason: `the header ${header} ${what}` }
  }

  return { name: `header ${header}`, resolve }
}

/** The two never overlap: a schema cannot have the form of a uuid. Both bound the length. */
const forms: Record<Accepted, { called: string; read: (value: string) => TenantRef | undefined }> = {
  id: { called: 'a tenant id', read: (value) => (isUuid(value) ? { id: value.toLowerCase() } : undefined) },
  schema: { called: 'a schema name', read: (value) => (schemaNameProblem(value) === undefined ? { schema: value } : undefined) },
}

function headerName(name: unknown): string {
  const isToken = typeof name === 'string' && /^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name)
  const problem = !isToken
    ? 'it is not the name of a header'
    : name.toLowerCase() === 'host'
      ? 'the host is read by byHost'
      : undefined
  if (isToken && problem === undefined) return name.toLowerCase()
  throw new TenancyError('INVALID_OPTION', `byHeader cannot read ${JSON.stringify(name) ?? typeof name}: ${problem}.`, {
    details: { option: 'name', seen: name },
  })
}

function acceptOption(accept: unknown): readonly Accepted[] {
  const isKnown = Array.isArray(accept) && accept.length > 0 && accept.every((form) => Object.hasOwn(forms, form as PropertyKey))
  if (isKnown) return [...(accept as Accepted[])]
  throw new TenancyError('INVALID_OPTION', `The option "accept" of byHeader must be a list of 'id' and 'schema'.`, {
    details: { option: 'accept', seen: accept },
  })
}
