/**
 * One spelling for each host name, so that a domain is found however a browser, a proxy or a person writes it: lower-case, no
 * trailing dot, international names in punycode. The catalog holds this spelling only, and lookups use it.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import { TenancyError } from '../errors.ts'

const maxLength = 253
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
      `at most ${maxLength} letters, each label 1 to 63; an IPv6 address in brackets.`,
    { details: { domain: shown } },
  )
}

/** The same; undefined for what is not a host name. */
export function tryParseDomain(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > maxSpelling) return undefined
  if (text.startsWith('[')) return parseIPv6(text)
  const ascii = toASCII(text.endsWith('.') ? text.slice(0, -1) : text)
  return ascii !== undefined && isHostName(ascii) ? ascii : undefined
}

function toASCII(text: string): string | undefined {
  if (/^[!-~]*$/.test(text)) return text.toLowerCase()
  // domainToASCII stops at / ? # and decodes %41: only letters, digits, dots and what lies outside ASCII may reach it.
  if (!/^[\w.\u0080-\u{10ffff}-]+$/u.test(text)) return undefined
  const ascii = domainToASCII(text)
  return ascii.endsWith('.') ? ascii.slice(0, -1) : ascii
}

function isHostName(ascii: string): boolean {
  if (ascii.length > maxLength) return false
  const labels = ascii.split('.')
  // A last label of digits makes it an address for every URL parser: 127.1 would be 127.0.0.1 there.
  if (/^\d+$/.test(labels.at(-1)!)) return isIPv4(ascii)
  // An underscore is no letter of host names, but schemas have it, and schemas become sub-domains.
  return labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label))
}

function parseIPv6(text: string): string | undefined {
  const address = text.slice(1, -1)
  if (!text.endsWith(']') || address.includes('%') || !isIPv6(address)) return undefined
  return new URL(`http://[${address}]`).hostname
}
