/** The domain of a tenant: a bare host name in its one spelling, with labels that DNS accepts. The catalog contains no others. */
import { TenancyError } from '../errors.ts'
import { seen } from '../seen.ts'
import { maxHostLength, spellHost } from './host-spelling.ts'

/** A Unicode spelling is longer than its punycode only by combining marks; a longer text is refused without looking at it. */
const maxSpelling = 1000

/**
 * A host name in its one spelling.
 * @example parseDomain('Ärzte.Example.com.') === 'xn--rzte-koa.example.com'
 * @throws TenancyError INVALID_DOMAIN for a port, a scheme, a path, spaces, wildcards, empty or overlong labels
 */
export function parseDomain(text: unknown): string {
  const domain = tryParseDomain(text)
  if (domain !== undefined) return domain
  const shown = seen(text, 'quoted')
  throw new TenancyError(
    'INVALID_DOMAIN',
    `${shown} is not a host name. Give the bare name as in acme.example.com: no scheme, port, path, space or wildcard, ` +
      `at most ${maxHostLength} letters, each label 1 to 63; an IPv6 address in brackets.`,
    { details: { domain: shown } },
  )
}

/** The same; undefined for a text that is no host name. */
export function tryParseDomain(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > maxSpelling) return undefined
  const spelled = spellHost(text)
  if (spelled.form === 'address') return spelled.host
  return spelled.form === 'name' && spelled.host.split('.').every(isLabel) ? spelled.host : undefined
}

/** Host names have no underscore, but schemas do, and schemas become subdomains. */
function isLabel(label: string): boolean {
  return /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label)
}
