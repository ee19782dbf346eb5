/**
 * Advice after an error that costs queries: the name that was meant, the tenant that has a domain, or the migrations that are missing. An
 * operator may see the names of all tenants. The messages of the library name none, because a client of the application may read them.
 */
import { tenancyErrorOf, type AnyTenancyError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import type { Tenancy } from '../../tenancy.ts'
import { advise } from '../terminal/advice.ts'
import { listed } from '../terminal/printable.ts'

/** Names compared at most. */
const mostNames = 10_000

/** Looks up advice on the error that ends a command. A failure here must not hide that error. */
export async function lookUpAdvice(tenancy: Tenancy, error: unknown): Promise<void> {
  const refusal = tenancyErrorOf(error)
  if (refusal === undefined) return
  const advice = await adviceFor(tenancy, refusal).catch(() => undefined)
  if (advice !== undefined) advise(refusal, advice)
}

async function adviceFor(tenancy: Tenancy, error: AnyTenancyError): Promise<string | undefined> {
  if (error.code === 'UNKNOWN_TENANT') {
    const { by, ref } = error.details
    if (by === 'id') return undefined
    return didYouMean(
      ref,
      ref.includes('.') ? await names(tenancy.domains.each(), 'domain') : await names(tenancy.tenants.each(), 'schema'),
    )
  }
  if (error.code === 'UNKNOWN_DOMAIN') {
    const { domain, schema } = error.details
    return didYouMean(
      domain,
      (await tenancy.domains.list({ schema })).map((one) => one.domain),
    )
  }
  if (error.code === 'DOMAIN_EXISTS') return ownersOf(tenancy, error.details.domains.slice(0, 3))
  return error.code === 'MIGRATION_FAILED' && isAbsence(error.details.sqlState) ? pendingShared(tenancy) : undefined
}

function didYouMean(name: string, known: readonly string[]): string | undefined {
  const suggestion = nearest(name, known)
  return suggestion === undefined ? undefined : `Did you mean ${JSON.stringify(suggestion)}?`
}

/** The caller may have made the same call before: then the domain leads to the tenant that was meant. */
async function ownersOf(tenancy: Tenancy, domains: readonly string[]): Promise<string | undefined> {
  const owners = await Promise.all(
    domains.map(async (domain) => {
      const owner = await tenancy.tenants.find({ domain })
      return owner && `${JSON.stringify(domain)} leads to the tenant ${JSON.stringify(owner.schema)}.`
    }),
  )
  return owners.filter((owner) => owner !== undefined).join(' ') || undefined
}

async function names<K extends string>(all: AsyncIterable<Record<K, string>>, key: K): Promise<string[]> {
  const found: string[] = []
  for await (const one of all) {
    found.push(one[key])
    if (found.length === mostNames) break
  }
  return found
}

/** A table, function, schema or type is not there: SQLSTATEs 42P01, 42883, 3F000, 42704. */
function isAbsence(sqlState: string | undefined): boolean {
  return ['42P01', '42883', '3F000', '42704'].includes(sqlState ?? '')
}

/** A migration of a tenant may refer to a table that a pending migration of the shared schema creates. */
async function pendingShared(tenancy: Tenancy): Promise<string | undefined> {
  const [shared] = await tenancy.migrations.status({ shared: true })
  if (shared === undefined || shared.pending.length === 0) return undefined
  return `Migrations of the shared schema are pending (${listed(shared.pending, 3)}). If it needs them, run \`partywall migrate --shared\` first.`
}
