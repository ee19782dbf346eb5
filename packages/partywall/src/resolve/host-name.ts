/**
 * One spelling for every host. A Host header comes from a stranger, in any case, with or without port, final dot or `www.`; two
 * spellings of one host must not lead to two answers, and text that is no host must not lead to a tenant at all.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'

/**
 * - name: lower-case ASCII labels, IDN as punycode, no port, no final dot: `acme.example.com`
 * - address: an IP address, IPv6 in brackets: `127.0.0.1`, `[::1]`
 * - invalid: no host; `reason` never holds the text itself
 */
export type HostName =
  | { readonly form: 'name'; readonly host: string }
  | { readonly form: 'address'; readonly host: string }
  | { readonly form: 'invalid'; readonly reason: string }

/**
 * Reads `host[:port]` as a Host header or a config file may spell it. Never throws, and reads its own result as itself.
 * @example hostName('WWW.Acme.Example.com.:3000') // { form: 'name', host: 'www.acme.example.com' }
 */
export function hostName(text: string): HostName {
  if (text === '') return invalid('it is empty')
  if (text.length > maxTextLength) return invalid('it is too long')
  const [, host, port = ''] = hostAndPort.exec(text) ?? []
  if (host === undefined) return invalid('it is not of the form host or host:port')
  if (Number(port) > maxPort) return invalid('its port is out of range')
  return host.startsWith('[') ? bracketed(host) : named(host)
}

/** `www.acme.example.com` and `acme.example.com` are one place to people. One `www.` is taken off, never two. */
export function withoutWww(host: string): string {
  return host.startsWith('www.') ? host.slice('www.'.length) : host
}

function bracketed(text: string): HostName {
  const address = text.slice(1, -1)
  // A zone (`fe80::1%eth0`) passes isIPv6, but belongs to one machine and has no place in a Host header.
  if (!isIPv6(address) || address.includes('%')) return invalid('it has brackets, but not around an IPv6 address')
  return { form: 'address', host: `[${address.toLowerCase()}]` }
}

function named(text: string): HostName {
  const ascii = asciiOf(text)
  if (ascii === undefined) return invalid('it has characters that no host has')
  const host = ascii.endsWith('.') ? ascii.slice(0, -1) : ascii
  if (host === '') return invalid('it is empty')
  if (host.length > maxHostLength) return invalid(`it is longer than ${maxHostLength} characters`)
  const labels = host.split('.')
  if (labels.includes('')) return invalid('it has an empty label')
  if (!allDigits.test(labels.at(-1)!)) return { form: 'name', host }
  // No top-level domain is a number: this is an IPv4 address, or an attempt at one.
  return isIPv4(host) ? { form: 'address', host } : invalid('it ends in a number, but is not an IPv4 address')
}

/** Lower-case ASCII, or undefined when a character is not one of a host. An underscore is: schema names may have it. */
function asciiOf(text: string): string | undefined {
  // Before the IDN mapping, which would drop some characters in silence and take others for a dot.
  if (!hostCharacters.test(text.replace(notAscii, ''))) return undefined
  if (hostCharacters.test(text)) return text.toLowerCase()
  const ascii = domainToASCII(text)
  return ascii !== '' && hostCharacters.test(ascii) ? ascii : undefined
}

function invalid(reason: string): HostName {
  return { form: 'invalid', reason }
}

/** RFC 1035: 255 bytes on the wire, which leaves 253 for the text. */
const maxHostLength = 253
const maxPort = 65_535
/** The longest host, its final dot and its port. */
const maxTextLength = maxHostLength + '.:65535'.length
/** An IPv6 address in brackets or anything without a colon, then perhaps a port; RFC 9110 allows a colon with nothing behind it. */
const hostAndPort = /^(\[[^[\]]*\]|[^:[\]]+)(?::([0-9]{0,5}))?$/
const hostCharacters = /^[a-z0-9._-]*$/i
const notAscii = /[\u0080-\uffff]/g
const allDigits = /^[0-9]+$/
