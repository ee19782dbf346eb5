/** The option `domains`: how the domains of customers are proven. */
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
