/**
 * One spelling for each host, so that it is found however a browser, a proxy or a person writes it: lower-case, no final dot,
 * international names in punycode, addresses as in URLs. The catalog contains this spelling, and requests are compared in it.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'

/**
 * - name: lower-case ASCII labels: `acme.example.com`
 * - address: an IP address, IPv6 in brackets: `127.0.0.1`, `[::1]`
 * - invalid: no host; `reason` never contains the text itself
 */
export type SpelledHost =
  | { readonly form: 'name'; readonly host: string }
  | { readonly form: 'address'; readonly host: string }
  | { readonly form: 'invalid'; readonly reason: string }

/** Reads a bare host, without port. Never throws, and reads its own result as itself. */
export function spellHost(text: string): SpelledHost {
  return text.startsWith('[') ? bracketed(text) : named(text)
}

function bracketed(text: string): SpelledHost {
  const address = text.slice(1, -1)
  // A zone (`fe80::1%eth0`) passes isIPv6, but it belongs to one machine and is no part of a host.
  if (!text.endsWith(']') || !isIPv6(address) || address.includes('%')) {
    return invalidHost('it has brackets, but not around an IPv6 address')
  }
  return { form: 'address', host: new URL(`http://[${address}]`).hostname }
}

function named(text: string): SpelledHost {
  const ascii = asciiOf(text)
  if (ascii === undefined) return invalidHost('it has characters that no host has')
  const host = ascii.endsWith('.') ? ascii.slice(0, -1) : ascii
  if (host === '') return invalidHost('it is empty')
  if (host.length > maxHostLength) return invalidHost(`it is longer than ${maxHostLength} characters`)
  const labels = host.split('.')
  if (labels.includes('')) return invalidHost('it has an empty label')
  if (!allDigits.test(labels.at(-1)!)) return { form: 'name', host }
  // No top-level domain is a number, so this is an IPv4 address or a wrong one.
  return isIPv4(host) ? { form: 'address', host } : invalidHost('it ends in a number, but is not an IPv4 address')
}

/** Lower-case ASCII, or undefined when a character cannot be in a host. An underscore can: schema names may have it. */
function asciiOf(text: string): string | undefined {
  // Before the IDN mapping, which stops at / ? #, decodes %41, silently drops some characters and treats others as a dot.
  if (!hostCharacters.test(text.replace(notAscii, ''))) return undefined
  if (hostCharacters.test(text)) return text.toLowerCase()
  const ascii = domainToASCII(text)
  return ascii !== '' && hostCharacters.test(ascii) ? ascii : undefined
}

/** @param reason half a sentence without the text itself */
export function invalidHost(reason: string): SpelledHost {
  return { form: 'invalid', reason }
}

/** RFC 1035: 255 bytes on the wire, which leaves 253 for the text. */
export const maxHostLength = 253
const hostCharacters = /^[a-z0-9._-]*$/i
const notAscii = /[\u0080-\uffff]/g
const allDigits = /^[0-9]+$/
