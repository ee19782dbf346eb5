/** The query of a URL as facts for resolvers. It comes from a stranger, so reading it never costs more than a bounded amount of work. */
import { TenancyError } from '../../errors.ts'
import type { RequestQuery } from '../../ports/resolver.ts'

/**
 * Reads `a=1&b=2&a=3` as `{ a: ['1', '3'], b: '2' }`. Keeps every value, in order; percent-encoding that is not well-formed stays as text.
 * @throws TenancyError INVALID_TENANT_REF when it is longer than 16 KiB. If the rest were left out, a client could hide a name there.
 */
export function parseQuery(text: string): RequestQuery {
  if (text.length > maxQueryLength) {
    throw new TenancyError(
      'INVALID_TENANT_REF',
      `The query of the request has ${text.length} characters; a tenant is read only from a query of up to ${maxQueryLength}. ` +
        'Send large values in the body of the request.',
      { details: { seen: `${text.length} characters` } },
    )
  }
  // Without a prototype, a key such as "constructor" or "__proto__" is a key like any other.
  const query: Record<string, string | string[]> = Object.create(null)
  for (const [key, value] of new URLSearchParams(text)) {
    const given = query[key]
    if (given === undefined) query[key] = value
    else if (typeof given === 'string') query[key] = [given, value]
    else given.push(value)
  }
  return query
}

/** What Node.js accepts for the whole head of a request by default. */
const maxQueryLength = 16_384
