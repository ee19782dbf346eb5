/**
 * What it costs to tell the tenant of a request, with 10,000 tenants and 30,000 domains: from the cache, and the first time. Lookups are counted
 * where they leave: at the client of node-postgres.
 */
import { setImmediate as turn } from 'node:timers/promises'
import pg from 'pg'
import { byHeader, byHost, byPath, type RequestFacts, type Tenancy } from 'partywall'
import type { Outcome } from '../measuring/outcome.ts'
import { inOwnDatabase } from '../measuring/own-database.ts'
import { median, rounded } from '../measuring/statistics.ts'

const tenants = 10_000
const domainsEach = 3
const rounds = 7
const perRound = 100_000
const base = 'resolve.example'

export async function resolve(url: string): Promise<Outcome> {
  return inOwnDatabase(
    url,
    'resolve',
    async (tenancy) => {
      const each = async (samples: readonly RequestFacts[]): Promise<void> => {
        for (const [index, facts] of samples.entries()) {
          // As between requests: otherwise the process would not hear that it still sees every change.
          if (index % 1000 === 999) await turn()
          const { outcome } = await tenancy.resolve(facts)
          if (outcome !== 'resolved') throw new Error(`${JSON.stringify(facts)} is ${outcome}.`)
        }
      }
      await fill(tenancy)
      const queries = countQueries()
      const memoryBefore = memory()
      const coldMs = await timed(() => each(Array.from({ length: tenants * (1 + domainsEach) }, (_, index) => hostOf(index))))
      const cold = {
        lookups: tenants * (1 + domainsEach),
        queries: queries.taken(),
        ms: rounded(coldMs),
        mib: rounded(memory() - memoryBefore),
      }

      const warm: Record<string, number> = {}
      let warmQueries = 0
      for (const [name, factsOf] of Object.entries(requests)) {
        const samples = Array.from({ length: perRound }, (_, index) => factsOf((index * 7919) % (tenants * domainsEach)))
        await each(samples)
        queries.taken()
        const micros: number[] = []
        for (let round = 0; round < rounds; round++) micros.push(((await timed(() => each(samples))) / perRound) * 1000)
        warm[name] = rounded(median(micros))
        warmQueries += queries.taken()
      }

      const burst = Array.from({ length: 1000 }, () => tenancy.resolve({ host: `unknown.${base}` }))
      const outcomes = new Set((await Promise.all(burst)).map(({ outcome }) => outcome))
      const unknown = { requests: burst.length, queries: queries.taken(), outcomes: [...outcomes] }
      return { tenants, rounds, ratios: {}, spread: {}, figures: { cold, warmMicros: warm, warmQueries, unknown } }
    },
    { resolve: [byHost({ base }), byPath({ prefix: '/t', trusted: true }), byHeader('x-tenant-id', { trusted: true })] },
  )
}

const schemaOf = (index: number): string => `tenant_${index % tenants}`

/** The subdomain of each tenant, then its domains. */
function hostOf(index: number): RequestFacts {
  return { host: index < tenants ? `${schemaOf(index)}.${base}` : domainOf(index - tenants) }
}

const domainOf = (index: number): string => `www-${Math.floor(index / tenants)}.customer-${index % tenants}.example`

const requests: Record<string, (index: number) => RequestFacts> = {
  subdomain: (index) => ({ host: `${schemaOf(index)}.${base}` }),
  domain: (index) => ({ host: domainOf(index) }),
  path: (index) => ({ host: base, path: `/t/${schemaOf(index)}/projects` }),
  header: (index) => ({ host: base, headers: { 'x-tenant-id': schemaOf(index) } }),
}

/** Rows alone: to tell a tenant needs no schema. */
async function fill(tenancy: Tenancy): Promise<void> {
  await tenancy.ready()
  await tenancy.sharedPool.query(
    `insert into partywall.tenants (schema, name) select 'tenant_' || n, 'Tenant ' || n from generate_series(0, ${tenants - 1}) as n`,
  )
  await tenancy.sharedPool.query(
    `insert into partywall.domains (domain, tenant_id, is_primary)
     select 'www-' || d || '.customer-' || substr(schema, 8) || '.example', id, d = 0
     from partywall.tenants, generate_series(0, ${domainsEach - 1}) as d`,
  )
}

function countQueries(): { taken(): number } {
  let count = 0
  const { query } = pg.Client.prototype
  pg.Client.prototype.query = function counted(this: pg.Client, ...args: any[]) {
    // Not those by which the process listens for changes, once a second.
    if (/partywall\.(?:tenants|domains)/.test(textOf(args[0]))) count++
    return Reflect.apply(query, this, args)
  } as typeof query
  return {
    taken() {
      const taken = count
      count = 0
      return taken
    },
  }
}

function textOf(query: string | { readonly text?: string } | undefined): string {
  return typeof query === 'string' ? query : (query?.text ?? '')
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

function memory(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}
