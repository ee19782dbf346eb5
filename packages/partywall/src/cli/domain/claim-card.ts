/** A claim of a domain, as the commands print it. */
import type { DomainClaim } from '../../types.ts'
import { pairs } from '../terminal/table.ts'

export function renderClaim(claim: DomainClaim): string {
  const { domain, record } = claim
  return pairs([
    ['domain', domain],
    ['state', stateOfClaim(claim)],
    ['TXT record', record.name],
    ['value', record.value],
  ])
}

export function stateOfClaim({ isVerified, missingSince }: DomainClaim): string {
  if (!isVerified) return 'to be proven'
  return missingSince === undefined ? 'verified' : `verified; record missing since ${missingSince.toISOString()}`
}
