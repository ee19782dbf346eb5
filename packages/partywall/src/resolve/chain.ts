/**
 * The chain of resolvers. The first that names anything decides; there is no second chance:
 *
 * - A bad hint (unknown, invalid, unauthorized) ends the chain. A weaker resolver never corrects what a stronger one refused, or a client could
 *   choose its tenant by spoiling the host.
 * - The weaker resolvers must agree with the decision or name nothing. A header that names another tenant is refused even when there is
 *   no such tenant: if it were ignored then, the difference would tell which tenants exist.
 * - A request with several hosts is invalid, also when no resolver reads the host: a proxy may have checked another host than the one
 *   that the application reads.
 * - Only an active tenant resolves.
 * - Without resolvers nothing can be asked, and that is an error of the configuration: "no tenant" would be the answer to every request.
 */
import { TenancyError } from '../errors.ts'
import type { Attributes, Tenant, TenantRef } from '../types.ts'
import { named } from './ask.ts'
import type { Hint, RequestFacts, Resolution, Resolver } from '../ports/resolver.ts'

/**
 * Gives the tenant that has the first of these names that one has, and that name; undefined when no tenant has or can have one of them: the texts may come
 * from a stranger. It may be a cache.
 */
export type TenantLookup<A extends object = Attributes> = (
  refs: readonly TenantRef[],
) => Promise<{ readonly tenant: Tenant<A>; readonly ref: TenantRef } | undefined>

interface Decision<A extends object> {
  readonly by: string
  /** undefined: the shared side, on purpose. */
  readonly tenant: Tenant<A> | undefined
  readonly mount?: string | undefined
}

/**
 * The one question that adapters ask. Costs one lookup for the deciding hint, and one for each weaker hint that does not
 * name the same tenant by id or schema. Rejects with whatever a resolver or the lookup throws.
 */
export function createChain<A extends object = Attributes>(
  resolvers: readonly Resolver[],
  lookup: TenantLookup<A>,
): (facts: RequestFacts) => Promise<Resolution<A>> {
  const questions = resolvers.map(named)

  return async (facts) => {
    // An adapter joins several hosts with a comma, which no host contains.
    if (facts.host?.includes(',')) return { outcome: 'invalid', by: 'host', reason: 'the request names several hosts' }
    if (questions.length === 0) throw noResolvers()
    let decision: Decision<A> | undefined
    for (const { name, ask } of questions) {
      const hint = await ask(facts)
      if (hint.outcome === 'none') continue
      if (hint.outcome === 'invalid' || hint.outcome === 'unauthorized')
        return { outcome: hint.outcome, by: name, reason: hint.reason }
      if (decision !== undefined) {
        if (await agrees(hint, decision.tenant)) {
          if (hint.outcome === 'tenant' && hint.mount !== undefined) decision = { ...decision, mount: hint.mount }
          continue
        }
        return { outcome: 'ambiguous', by: [decision.by, name] }
      }
      const tenant = await tenantOf(hint)
      if (tenant === undefined && hint.outcome !== 'shared') return { outcome: 'unknown', by: name }
      decision = { by: name, tenant, mount: hint.outcome === 'tenant' ? hint.mount : undefined }
    }
    return resolution(decision)
  }

  /** The tenant that a hint names, by the first of its readings under which there is a tenant. */
  async function tenantOf(hint: Hint): Promise<Tenant<A> | undefined> {
    if (hint.outcome !== 'tenant') return undefined
    const found = await lookup(hint.otherwise === undefined ? [hint.ref] : [hint.ref, ...hint.otherwise])
    return found === undefined || isHidden(found.tenant, found.ref) ? undefined : found.tenant
  }

  async function agrees(hint: Hint, tenant: Tenant<A> | undefined): Promise<boolean> {
    if (tenant === undefined) return hint.outcome === 'shared'
    if (hint.outcome !== 'tenant') return false
    return isNameOf(tenant, hint.ref) || (await tenantOf(hint))?.id === tenant.id
  }
}

/**
 * An archived tenant does not exist for clients: an answer of its own would tell strangers which customers have left. Where its domains were kept,
 * that is what the operator chose.
 */
function isHidden({ status }: Tenant<any>, ref: TenantRef): boolean {
  return status === 'deleting' || (status === 'archived' && !isDomain(ref))
}

function resolution<A extends object>(decision: Decision<A> | undefined): Resolution<A> {
  if (decision?.tenant === undefined) return { outcome: 'none' }
  const { by, tenant, mount } = decision
  const outcome = outcomeFor(tenant)
  if (outcome === 'unknown') return { outcome, by }
  return { outcome, tenant, by, ...(mount === undefined ? {} : { mount }) }
}

/** What becomes of a request that names this tenant. */
function outcomeFor({ status }: Pick<Tenant<any>, 'status'>): 'resolved' | 'suspended' | 'maintenance' | 'unknown' {
  switch (status) {
    case 'active':
      return 'resolved'
    case 'suspended':
    case 'maintenance':
      return status
    case 'pending':
    case 'provisioning':
      return 'maintenance'
    case 'archived':
    case 'failed':
      return 'suspended'
    case 'deleting':
      return 'unknown'
    default:
      // A status of a newer version: not known to be served, so not served.
      status satisfies never
      return 'suspended'
  }
}

function noResolvers(): TenancyError<'INVALID_OPTION'> {
  return new TenancyError(
    'INVALID_OPTION',
    'The option "resolve" is empty, so no request can name its tenant. Give the config a resolver: resolve: [byHost({ base: "example.com" })].',
    { details: { option: 'resolve' } },
  )
}

function isDomain(ref: TenantRef): boolean {
  if (typeof ref === 'string') return ref.includes('.') || ref.startsWith('[')
  return 'domain' in ref
}

/** True when `ref` is visibly this tenant, so that nothing needs to be looked up. */
function isNameOf(tenant: Tenant<object>, ref: TenantRef): boolean {
  if (typeof ref === 'string') return ref === tenant.id || ref === tenant.schema
  return ('id' in ref && ref.id === tenant.id) || (!('id' in ref) && 'schema' in ref && ref.schema === tenant.schema)
}
