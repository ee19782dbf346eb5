/**
 * PW-003: a resolver that reads what a client chooses, and nothing that says who checks whether the client may. Partywall cannot see a gateway or the
 * application's own authentication, so the resolver must say `trusted`. A host contradicts a resolver only where it names a tenant: by
 * an address, or a host in `except`, the other resolver decides alone.
 */
import type { NamedResolver, Resolver } from '../ports/resolver.ts'
import type { Observation } from '../findings.ts'
import { defineCheck } from './check.ts'

export const spoofableResolvers = defineCheck({
  id: 'PW-003',
  title: 'A client can choose its tenant',
  needs: ['config'],
  run: ({ config }) => spoofable(config.options.resolve),
})

/** One observation for each resolver that may be spoofed. */
export function spoofable(resolvers: readonly Resolver[]): Observation[] {
  const declared = resolvers.map((resolver): Partial<NamedResolver> =>
    typeof resolver === 'function' ? { name: resolver.name } : resolver,
  )
  const hasHost = declared.some(({ hosts }) => hosts !== undefined)
  const severity = hasHost ? 'warning' : 'error'
  const host = hasHost
    ? 'it must agree with the host, but by an address, by the base itself or by a host in "except" it decides alone'
    : 'no resolver reads the host, so nothing contradicts it'
  return declared.flatMap(({ name, hosts, trusted, reads }, index) => {
    if (hosts !== undefined || trusted === true) return []
    const { what, fix } = reads === undefined ? ownCode : places[reads]
    const seen = `the resolver ${JSON.stringify(name || `resolver ${index + 1}`)} ${what}; ${host}`
    return [
      {
        severity,
        seen,
        fix: `${whoChecks} ${fix}.`,
      },
    ]
  })
}

const ownCode = { what: 'is your own code, and what it reads cannot be seen', fix: '{ name, resolve, trusted: true }' }

/** What is wrong with each place, and how the config says that the choice is checked. */
const places: Record<NonNullable<NamedResolver['reads']>, typeof ownCode> = {
  header: { what: 'reads a header, which every client can set', fix: 'byHeader(name, { trusted: true })' },
  query: { what: 'reads the query of the URL, which every client can write', fix: 'byQuery(name, { trusted: true })' },
  cookie: { what: 'reads a cookie, which every client can set', fix: 'byCookie(name, { trusted: true })' },
  origin: { what: 'reads the header Origin, which every client but a browser can set', fix: 'byOrigin({ trusted: true })' },
  path: { what: 'reads the path, which every client chooses', fix: 'byPath({ trusted: true })' },
  session: {
    what: 'reads what a user chose earlier, who may have left the tenant since',
    fix: 'bySession(field, { trusted: true })',
  },
  claim: ownCode,
  'api key': ownCode,
}

const whoChecks =
  'Let a gateway set the value and remove what the client sent, or let your authentication check that the user belongs to the tenant. Where that ' +
  'is so, say it in the config:'
