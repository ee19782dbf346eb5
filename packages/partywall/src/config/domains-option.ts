/** The options `domains`, how the domains of customers are proven, and `appUrl`. */
import { invalid, knownKeys } from './checks.ts'
import type { DomainsOptions } from './config.ts'

export function domainsOption(domains: DomainsOptions): { readonly nameServers: readonly string[] | undefined } {
  knownKeys('domains.', domains, ['nameServers'])
  const { nameServers } = domains
  const isList =
    nameServers === undefined ||
    (Array.isArray(nameServers) && nameServers.length > 0 && nameServers.every((one) => typeof one === 'string'))
  if (!isList)
    throw invalid('domains.nameServers', nameServers, 'a list of IP addresses, perhaps with ports, such as ["192.0.2.53"]')
  return Object.freeze({ nameServers: nameServers && Object.freeze([...nameServers]) })
}

/** Only what the addresses of tenants are made of: a path in it would be lost. */
export function appUrlOption(text: unknown): string {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  const isOrigin = url !== undefined && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`
  if (isOrigin) return url.origin
  throw invalid('appUrl', text, 'the address of the application without a path, such as "https://example.com"')
}
