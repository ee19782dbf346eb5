/**
 * PW-003: a resolver that reads what a client chooses, and nothing that says who checks whether the client may. Partywall cannot see a gateway or the
 * application's own authentication, so the resolver must say `trusted`. A host contradicts a resolver only where it names a tenant: by
 * an address, or a host in `except`, the other resolver decides alone.
 */
import type { Resolver } from '../ports/resolver.ts'
import type { Observation } from '../findings.ts'
import { defineCheck } from './check.ts'

export const spoofableResolvers = defineCheck({
  id: 'PW-003',
  title: 'A client cannot choose its tenant',
  needs: ['config'],
  run: ({ config }) => spoofable(config.options.resolve),
})

/** One observation for each resolver that may be spoofed. */
export function spoofable(resolvers: readonly Resolver[]): Observation[] {
  const hasHost = resolvers.some((resolver) => resolver.hosts !== undefined)
  return resolvers.flatMap((resolver, index) => {
    if (resolver.hosts !== undefined || resolver.trusted === true) return []
    const name = JSON.stringify(resolver.name || `resolver ${index + 1}`)
    const what = resolver.reads === 'header' ? 'reads a header, which every client can set' : 'is your own code: what it reads is not visible here'
    const host = hasHost
      ? '; it must agree with the host, but a request to an address, to the base itself or to a host in "except" is decided by it alone'
      : '; no resolver reads the host, so nothing contradicts it'
    return [{ severity: hasHost ? 'warning' : 'error', seen: `the resolver ${name} ${what}${host}`, fix: fixOf(resolver) }]
  })
}

function fixOf({ reads }: Resolver): string {
  const how = reads === 'header' ? "byHeader(name, { trusted: true })" : '{ name, resolve, trusted: true }'
  return (
    'Let a gateway set the value and remove what the client sent, or let your authentication check that the user belongs to the tenant. ' +
    `If that is so, say it: ${how}.`
  )
}
