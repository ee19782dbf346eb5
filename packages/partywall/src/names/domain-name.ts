/** The domain of a tenant: a bare host name in its one spelling, whose labels the name system would take. The catalog holds no other. */
import { TenancyError } from '../errors.ts'
import { maxHostLength, spellHost } from './host-spelling.ts'

/** Unicode spellings are longer than their punycode only by combining marks; beyond this nothing is worth the work. */
const maxSpelling = 1000

/**
 * A host name in its one spelling.
 * @example parseDomain('Ärzte.Example.com.') === 'xn--rzte-koa.example.com'
 * @throws TenancyError INVALID_DOMAIN for a port, a scheme, a path, spaces, wildcards, empty or overlong labels
 */
export function parseDomain(text: unknown): string {
  const domain = tryParseDomain(text)
  if (domain !== undefined) return domain
  const shown = typeof text === 'string' ? JSON.stringify(text.slice(0, 100)) : text === null ? 'null' : typeof text
  throw new TenancyError(
    'INVALID_DOMAIN',
    `${shown} is not a host name. Give the bare name as in acme.example.com: no scheme, port, path, space or wildcard, ` +
      `at most ${maxHostLength} letters, each label 1 to 63; an IPv6 address in brackets.`,
    { details: { domain: shown } },
  )
}

/** The same; undefined for what is not a host name. */
export function tryParseDomain(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > maxSpelling) return undefined
  const spelled = spellHost(text)
  if (spelled.form === 'address') return spelled.host
  return spelled.form === 'name' && spelled.host.split('.').every(isLabel) ? spelled.host : undefined
}

/** An underscore is no letter of host names, but schemas have it, and schemas become sub-domains. */
function isLabel(label: string): boolean {
  return /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label)
}
