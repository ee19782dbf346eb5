/**
 * From the facts of a request to a tenant, in two steps. A resolver looks at the facts and says which tenant they name, without
 * asking the database: its `Hint`. The chain asks the resolvers in order, looks up the tenant that is named, and gives one `Resolution`.
 */
import type { Attributes, Tenant, TenantRef } from '../types.ts'

/** The value of each key; a list where a key is repeated. An adapter's object has no prototype, so `constructor` is a key like any other. */
export type RequestQuery = Readonly<Record<string, string | readonly string[] | undefined>>

/** What an adapter knows of a request. Header names are lower-case; the adapter fills in what it has. */
export interface RequestFacts {
  /** The Host as the client sent it, port and all, e.g. `Ferrari.localhost:3000`. Several are joined with a comma, and refused by every chain. */
  readonly host?: string | undefined
  /** The path of the URL without its query, e.g. `/polls/1`. */
  readonly path?: string | undefined
  /**
   * The query of the URL. An adapter parses it when it is first read. If it is longer than 16 KiB, reading it throws INVALID_TENANT_REF,
   * and the outcome is `invalid`.
   */
  readonly query?: RequestQuery | undefined
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined
  /** Claims of a token that was verified already. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
}

/**
 * What one resolver reads from the facts.
 * - none: the facts name no tenant to this resolver; the next one is asked
 * - tenant: the facts name this tenant; `otherwise` are other readings of the same fact, tried in order when no tenant has `ref`
 * - shared: the facts ask for the shared side on purpose; a weaker resolver that names a tenant contradicts it
 * - unknown: the facts name a tenant that cannot exist; no weaker resolver is asked
 * - invalid: the facts hold something that should name a tenant and cannot; no weaker resolver is asked. `reason` is half a sentence
 *   without the value seen, which comes from a stranger
 * - unauthorized: the facts hold credentials that are not accepted; no weaker resolver is asked. `reason` as above
 */
export type Hint =
  | { readonly outcome: 'none' }
  | {
      readonly outcome: 'tenant'
      readonly ref: TenantRef
      readonly otherwise?: readonly TenantRef[]
      /** The beginning of the path that names the tenant, such as `/t/acme`: an adapter hands the rest of the path to the router. */
      readonly mount?: string
    }
  | { readonly outcome: 'shared' }
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'invalid' | 'unauthorized'; readonly reason: string }

/** What a resolver may return: undefined and null count as `none`, a TenantRef as `tenant`. */
export type ResolverAnswer = Hint | TenantRef | null | undefined

/**
 * A resolver of your own may be just a function. A TenancyError INVALID_TENANT_REF that it throws counts as `invalid`; every other error
 * passes through.
 */
export type ResolverFunction = (facts: RequestFacts) => ResolverAnswer | Promise<ResolverAnswer>

/** `name` is what `Resolution.by` says, e.g. `host`. */
export interface NamedResolver {
  readonly name: string
  readonly resolve: ResolverFunction
  /**
   * true: no client can choose its tenant by it, because a gateway sets what it reads, the claims were verified, or your authentication checks
   * that the user belongs to the tenant. Without it, an adapter starts with a resolver of partywall that a client can choose its tenant by only when it
   * is given `authorize`. @default false
   */
  readonly trusted?: boolean
  /** What a resolver of partywall reads, other than the host. */
  readonly reads?: 'header' | 'query' | 'cookie' | 'origin' | 'path' | 'claim' | 'session' | 'api key'
  /** What byHost was given, for `partywall check`. */
  readonly hosts?: { readonly bases: readonly string[]; readonly customDomains: boolean }
  /** Where this resolver finds the tenant, for `tenancy.url`; undefined when it cannot. */
  readonly addressOf?: (tenant: Pick<Tenant, 'id' | 'schema'>) => ResolverAddress | undefined
}

/** A host that names the tenant, or the beginning of a path that does. */
export type ResolverAddress = { readonly host: string } | { readonly mount: string }

export type Resolver = ResolverFunction | NamedResolver

/**
 * The one typed answer about a request. `by` is the name of the resolver whose hint decided.
 * - resolved: this tenant, active
 * - none: the facts name no tenant (the shared side)
 * - unknown: they name a tenant that does not exist, or is archived
 * - invalid: what should name a tenant is not well-formed
 * - unauthorized: credentials that should name a tenant are not accepted
 * - ambiguous: two facts contradict each other
 * - suspended, maintenance: the tenant is not served at the moment
 * - forbidden: the tenant exists, but not for this caller
 * `mount` is the beginning of the path that named the tenant, where a resolver read the path.
 */
export type Resolution<A extends object = Attributes> =
  | { readonly outcome: 'resolved'; readonly tenant: Tenant<A>; readonly by: string; readonly mount?: string }
  | { readonly outcome: 'none' }
  | { readonly outcome: 'unknown'; readonly by: string }
  | { readonly outcome: 'invalid' | 'unauthorized'; readonly by: string; readonly reason: string }
  | { readonly outcome: 'ambiguous'; readonly by: readonly string[] }
  | {
      readonly outcome: 'suspended' | 'maintenance' | 'forbidden'
      readonly tenant: Tenant<A>
      readonly by: string
      readonly mount?: string
    }
