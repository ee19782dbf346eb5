/**
 * The tenant from a cookie: the one that a person chose last, in an application with one address for all tenants. A client can write its cookies
 * itself, and a browser sends them for every link that leads here, so the cookie needs the same check of membership as a header.
 */
import { TenancyError } from '../errors.ts'
import type { NamedResolver, RequestFacts } from '../ports/resolver.ts'
import { checkedName, textResolver, tokenForm, type TextResolverOptions } from './text-resolver.ts'

export interface CookieOptions extends TextResolverOptions {}

/**
 * Reads the tenant from the cookie `name`. A request without it names no tenant; an empty, repeated or malformed one is `invalid`: two cookies of one
 * name come from two paths or domains, and which of them counts is not known. `.by` is `cookie <name>`. Costs no query itself.
 * @example app.use(tenantScope(tenancy, { authorize: isMember })) // with resolve: [byCookie('tenant')]
 * @throws TenancyError INVALID_OPTION
 */
export function byCookie(name: string, options: CookieOptions = {}): NamedResolver {
  const cookie = checkedName('byCookie', name, tokenForm, 'it is not the name of a cookie')
  return textResolver(
    { what: 'byCookie', name: `cookie ${cookie}`, reads: 'cookie', values: (facts) => valuesOf(facts, cookie) },
    options,
  )
}

/** Values as they stand: the id or the schema of a tenant needs no quotes and no percent-encoding, so neither is undone. */
function valuesOf({ headers }: RequestFacts, cookie: string): readonly string[] {
  const given = headers?.['cookie']
  if (given === undefined) return []
  // HTTP/2 allows several lines, which are one list.
  const text = typeof given === 'string' ? given : given.join('; ')
  if (text.length > maxCookieLength) {
    throw new TenancyError(
      'INVALID_TENANT_REF',
      `The cookies of the request have ${text.length} characters; a tenant is read only from up to ${maxCookieLength}.`,
      { details: { seen: `${text.length} characters` } },
    )
  }
  return text
    .split(';')
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((pair) => pair.startsWith(`${cookie}=`))
    .map((pair) => pair.slice(cookie.length + 1))
}

/** What Node.js accepts for the whole head of a request by default. */
const maxCookieLength = 16_384
