/**
 * The host of a request. A client may send a Host header in upper or lower case, with or without port, final dot or `www.`; two spellings of
 * one host must not lead to two answers, and a text that is no host must not lead to a tenant at all.
 */
import { invalidHost, maxHostLength, spellHost, type SpelledHost } from './host-spelling.ts'

/**
 * Reads `host[:port]` as a Host header or a config file may spell it. Never throws, and reads its own result as itself.
 * @example hostName('WWW.Acme.Example.com.:3000') // { form: 'name', host: 'www.acme.example.com' }
 */
export function hostName(text: string): SpelledHost {
  if (text === '') return invalidHost('it is empty')
  if (text.length > maxTextLength) return invalidHost('it is too long')
  const [, host, port = ''] = hostAndPort.exec(text) ?? []
  if (host === undefined) return invalidHost('it is not of the form host or host:port')
  if (Number(port) > maxPort) return invalidHost('its port is out of range')
  return spellHost(host)
}

/** People expect the same page at `www.acme.example.com` and `acme.example.com`. One `www.` is removed, never two. */
export function withoutWww(host: string): string {
  return host.startsWith('www.') ? host.slice('www.'.length) : host
}

const maxPort = 65_535
/** The longest host, its final dot and its port. */
const maxTextLength = maxHostLength + '.:65535'.length
/** An IPv6 address in brackets or anything without a colon, then perhaps a port; RFC 9110 allows a colon with nothing behind it. */
const hostAndPort = /^(\[[^[\]]*\]|[^:[\]]+)(?::([0-9]{0,5}))?$/
