/** Which host names a customer may claim as its own. Loads the list of public suffixes, so it is imported when a claim is made. */
import { parse } from 'tldts'
import { tryParseDomain } from '../names/domain-name.ts'

/**
 * Why the domain cannot be claimed: half a sentence. Undefined: it can.
 * @param bases hosts under which tenants have their addresses already
 */
export function claimProblem(domain: string, bases: readonly string[]): string | undefined {
  if (tryParseDomain(domain) !== domain) return 'it is not a host name'
  const { isIp, domain: registrable, publicSuffix } = parse(domain, { allowPrivateDomains: true })
  if (isIp === true || domain.startsWith('[')) return 'it is an IP address'
  if (!domain.includes('.')) return 'it is known only inside a network'
  if (domain === 'localhost' || domain.endsWith('.localhost')) return 'it leads to the own machine of each visitor'
  if (registrable === null || publicSuffix === domain) return 'it is a public suffix, under which anyone may register names'
  const base = bases.find((own) => domain === own || domain.endsWith(`.${own}`))
  if (base !== undefined) return `it is under ${base}, where the addresses of tenants come from their schemas`
  return undefined
}
