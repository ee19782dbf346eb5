/** The address of a tenant, for mails and jobs: what the resolvers read from a request, the other way round. */
import { TenancyError } from '../errors.ts'
import type { NamedResolver, Resolver } from '../ports/resolver.ts'
import { seen } from '../seen.ts'
import type { Tenant } from '../types.ts'

export interface AddressOptions {
  readonly resolve: readonly Resolver[]
  /** Scheme, port, and the host where the path names the tenant. */
  readonly appUrl: string | undefined
}

/**
 * The first of: the primary domain, where a resolver looks domains up; the address under the base of byHost; the path of byPath. Undefined where none of
 * them leads to the tenant.
 * @param primary the primary domain of the tenant; undefined when it has none
 * @throws TenancyError INVALID_OPTION when the path names the tenant, and the host of the application is not known
 */
export function tenantOrigin(
  tenant: Pick<Tenant<any>, 'id' | 'schema'>,
  primary: string | undefined,
  { resolve, appUrl }: AddressOptions,
): { readonly origin: string; readonly mount: string } | undefined {
  const named = resolve.filter((resolver): resolver is NamedResolver => typeof resolver !== 'function')
  const host = primary !== undefined && named.some(({ hosts }) => hosts?.customDomains === true) ? primary : undefined
  const address = host === undefined ? firstAddress(named, tenant) : { host }
  if (address === undefined) return undefined
  if ('host' in address) return { origin: originOf(address.host, appUrl), mount: '' }
  if (appUrl === undefined) {
    throw new TenancyError(
      'INVALID_OPTION',
      'The path names the tenant, and the host of the application is not known. Give the config the option "appUrl", such as "https://example.com".',
      { details: { option: 'appUrl' } },
    )
  }
  return { origin: new URL(appUrl).origin, mount: address.mount }
}

/**
 * A path with its query, as a URL of the tenant. It cannot lead to another host.
 * @throws TenancyError INVALID_ARGUMENT
 */
export function urlAt({ origin, mount }: { readonly origin: string; readonly mount: string }, path: string): string {
  const isPath = typeof path === 'string' && /^\/(?![/\\])[^\\\s]*$/.test(path)
  const url = isPath ? new URL(`${mount}${path}`, origin) : undefined
  if (url?.origin === origin && url.pathname.startsWith(`${mount}/`)) return url.href
  const shown = seen(path, 'quoted')
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `tenancy.url takes a path of your application, which begins with one slash, such as "/invitations/7"; it got ${shown}.`,
    { details: { what: 'tenancy.url', option: 'path', seen: shown } },
  )
}

function firstAddress(resolvers: readonly NamedResolver[], tenant: Pick<Tenant<any>, 'id' | 'schema'>) {
  for (const { addressOf } of resolvers) {
    const address = addressOf?.(tenant)
    if (address !== undefined) return address
  }
  return undefined
}

/** In development browsers send `*.localhost` to the own machine, where nothing speaks TLS. */
function originOf(host: string, appUrl: string | undefined): string {
  const isLocal = host === 'localhost' || host.endsWith('.localhost')
  const { protocol, port } = new URL(appUrl ?? (isLocal ? `http://localhost:${developmentPort()}` : 'https://app'))
  const url = new URL(`${protocol}//${host}`)
  url.port = port
  return url.origin
}

/** Some hosts set PORT to the name of a pipe, with which no address can be written. */
function developmentPort(): string {
  const given = process.env['PORT'] ?? ''
  return /^[1-9]\d{0,4}$/.test(given) && Number(given) < 65_536 ? given : '3000'
}
