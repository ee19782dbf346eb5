/** The tenant from the host of the request: `acme.example.com` under a base that is yours, `www.acme.org` as a domain of the tenant's own. */
import type { NamedResolver } from '../ports/resolver.ts'
import { hostReader, type HostOptions } from './host-reader.ts'

/**
 * Reads the tenant from the host. Costs no query itself; `.by` is `host`.
 * @example resolve: [byHost({ base: 'example.com', except: ['api.example.com'] })]
 * @throws TenancyError INVALID_OPTION
 */
export function byHost(options: HostOptions = {}): NamedResolver {
  const { read, hostOf, bases, customDomains } = hostReader('byHost', options)
  return {
    name: 'host',
    resolve: ({ host }) => (host === undefined ? { outcome: 'none' } : read(host)),
    hosts: { bases, customDomains },
    addressOf({ schema }) {
      const host = hostOf(schema)
      return host === undefined ? undefined : { host }
    },
  }
}
