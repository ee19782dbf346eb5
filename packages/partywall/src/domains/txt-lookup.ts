/** Asks DNS for the record of a claim. */
import { Resolver } from 'node:dns/promises'
import { TenancyError } from '../errors.ts'
import { seen } from '../seen.ts'
import type { DomainClaim } from '../types.ts'

/** - found: a record has the value; none: there is no record; others: records have other values; no answer: it is not known */
export type Looked = 'found' | 'none' | 'others' | 'no answer'

/**
 * @param servers addresses of name servers; those of the system where it is undefined
 * @throws TenancyError INVALID_OPTION
 */
export function txtLookup(servers: readonly string[] | undefined): (claim: Pick<DomainClaim, 'record'>) => Promise<Looked> {
  // Four tries by default would take half a minute for a server that does not answer.
  const resolver = new Resolver({ timeout: 3000, tries: 2 })
  if (servers !== undefined) setServers(resolver, servers)
  return async ({ record }) => {
    try {
      const records = await resolver.resolveTxt(record.name)
      // One record may come in several strings.
      return records.some((strings) => strings.join('').trim() === record.value) ? 'found' : 'others'
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      return code === 'ENOTFOUND' || code === 'ENODATA' ? 'none' : 'no answer'
    }
  }
}

function setServers(resolver: Resolver, servers: readonly string[]): void {
  try {
    resolver.setServers(servers)
  } catch (cause) {
    throw new TenancyError(
      'INVALID_OPTION',
      `"domains.nameServers" must be a list of IP addresses, perhaps with ports, such as ["192.0.2.53:5353"]; it is ${seen(servers)}.`,
      { cause, details: { option: 'domains.nameServers', seen: seen(servers) } },
    )
  }
}
