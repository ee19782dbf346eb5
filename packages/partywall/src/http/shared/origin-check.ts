/**
 * From which pages a socket may be opened. Browsers send cookies with a WebSocket from any page, and ask no server before: without this check a page of
 * anyone works with the session of its visitor (cross-site WebSocket hijacking). Pages of other tenants of the same application are strangers, too.
 */
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { TenancyError } from '../../errors.ts'
import type { RequestFacts } from '../../ports/resolver.ts'
import type { HttpTenancy } from '../../ports/tenancy-like.ts'
import { seen } from '../../seen.ts'
import type { Attributes, Tenant } from '../../types.ts'
import { isOwnOrigin, partsOfOrigin } from './own-origin.ts'

/**
 * - `'own'`: pages of the host that is connected to, and of the tenant's own domains; and programs, which send no `Origin`
 * - a list: these origins, too, such as `'https://app.example.com'`
 * - a function: decides alone; only true lets the page in
 * - `'any'`: every page; only where no cookie and no network decides who the user is
 */
export type OriginPolicy<A extends object = Attributes> = 'own' | 'any' | readonly string[] | OriginDecision<A>['decide']

/** As a method, so that options for a tenant of any attributes fit an adapter that knows them. */
export type OriginDecision<A extends object> = {
  decide(origin: string | undefined, req: IncomingMessage, tenant: Tenant<A> | undefined): boolean | Promise<boolean>
}

export interface OriginCheckOptions<A extends object = Attributes> {
  /** From which pages a connection may be opened. @default 'own' */
  origin?: OriginPolicy<A>
}

export type OriginCheck<A extends object = Attributes> = (
  facts: RequestFacts,
  req: IncomingMessage,
  tenant: Tenant<A> | undefined,
) => Promise<boolean>

/**
 * Makes the function that decides about the page of each request.
 * @throws TenancyError INVALID_OPTION
 */
export function createOriginCheck<A extends object>(
  what: string,
  tenancy: Pick<HttpTenancy<A>, 'resolve' | 'options'>,
  policy: OriginPolicy<NoInfer<A>> = 'own',
): OriginCheck<A> {
  const listed = listedOrigins(what, policy)
  return async (facts, req, tenant) => {
    if (policy === 'any') return true
    const { origin } = req.headers
    // Exactly true: a promise would be truthy, and it is awaited here.
    if (typeof policy === 'function') return (await policy(origin, req, tenant)) === true
    if (origin === undefined || listed.has(origin)) return true
    if (isSameHost(origin, facts.host, isEncrypted(req))) return true
    if (tenant === undefined) return false
    return (await isOwnOrigin(tenancy, origin, tenant)) || (await isNamedByOrigin(origin, tenant))
  }

  /** Where the origin names the tenant (byOrigin), the page that it names is the tenant's. */
  async function isNamedByOrigin(origin: string, tenant: Pick<Tenant<A>, 'id'>): Promise<boolean> {
    const names = tenancy.options.resolve.flatMap((resolver) =>
      'reads' in resolver && resolver.reads === 'origin' ? [resolver.name] : [],
    )
    if (names.length === 0) return false
    const resolution = await tenancy.resolve({ headers: { origin } })
    return resolution.outcome === 'resolved' && resolution.tenant.id === tenant.id && names.includes(resolution.by)
  }
}

/** A page of `http:` is another one than the server that was asked over TLS: others on the network could have written it. */
function isSameHost(origin: string, host: string | undefined, encrypted: boolean): boolean {
  const parts = partsOfOrigin(origin)
  if (parts === undefined || host === undefined || (encrypted && parts.scheme === 'http')) return false
  const asked = `${parts.scheme}://${host}`
  return (
    partsOfOrigin(asked) !== undefined &&
    URL.canParse(origin) &&
    URL.canParse(asked) &&
    new URL(origin).host === new URL(asked).host
  )
}

function isEncrypted(req: IncomingMessage): boolean {
  if ((req.socket as Partial<TLSSocket>).encrypted === true) return true
  // No page can send it with a WebSocket; with long polling it would only refuse its own request.
  return (
    String(req.headers['x-forwarded-proto'] ?? '')
      .split(',', 1)[0]!
      .trim()
      .toLowerCase() === 'https'
  )
}

function listedOrigins(what: string, policy: unknown): ReadonlySet<string> {
  if (policy === 'own' || policy === 'any' || typeof policy === 'function') return new Set()
  if (Array.isArray(policy) && policy.every((origin) => typeof origin === 'string' && isOrigin(origin)))
    return new Set(policy as string[])
  throw new TenancyError(
    'INVALID_OPTION',
    `"origin" of ${what} must be 'own', 'any', a function, or a list of origins such as ["https://app.example.com"]; it is ${seen(policy)}.`,
    { details: { what, option: 'origin', seen: seen(policy) } },
  )
}

/** Also those of apps, such as `capacitor://localhost`; never `null`, which every sandboxed page sends. */
function isOrigin(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#@,\s]+$/.test(text)
}
