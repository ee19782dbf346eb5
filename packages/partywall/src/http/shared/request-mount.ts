/**
 * The part of the path that named the tenant of a request, for applications with `byPath`: the router must not see it, and the links of the
 * application must have it.
 */
import { TenancyError } from '../../errors.ts'
import { assertOwnPath } from '../../names/own-path.ts'

// Shared by all copies of the package in a process.
const mountKey = Symbol.for('partywall.request.mount')

/**
 * The URL for the router, and notes on the request what was taken off.
 * @param url as the framework has it, with the query
 * @throws TenancyError INVALID_OPTION when the URL does not begin with the part: a router above has removed it
 */
export function withoutMount(what: string, request: object, url: string, mount: string): string {
  // A client may send the whole address, as it does to a proxy. Routers expect the host to stay.
  const [before] = /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#]*)?/i.exec(url)!
  const path = url.slice(before.length)
  const rest = path.slice(mount.length)
  const isBelow = path.startsWith(mount) && (rest === '' || rest.startsWith('/') || rest.startsWith('?'))
  if (!isBelow) {
    throw new TenancyError(
      'INVALID_OPTION',
      `${what} cannot take the tenant off the path: a router above it has removed a part of the path already. ` +
        'Mount it at the root of the application, or leave byPath out of "resolve".',
      { details: { what, option: 'resolve' } },
    )
  }
  noteMount(request, mount)
  return `${before}${rest.startsWith('/') ? rest : `/${rest}`}`
}

/** For frameworks whose router has read the path before the adapter runs: notes on the request what named the tenant, for `tenantPath`. */
export function noteMount(request: object, mount: string | undefined): void {
  if (mount !== undefined) Object.defineProperty(request, mountKey, { value: mount, configurable: true })
}

/** Empty where the path named no tenant. */
function notedMount(request: object): string {
  return (Reflect.get(request, mountKey) as string | undefined) ?? ''
}

/**
 * A path of the application as the browser must ask for it: with the part that names the tenant of this request, where the path does. For links,
 * redirects and `Location`.
 * @example res.redirect(tenantPath(req, '/polls')) // `/t/acme/polls`
 * @throws TenancyError INVALID_ARGUMENT for a path that a browser would take to another site, such as `//host`, or out of the tenant, such as `/../globex`
 */
export function tenantPath(request: object, path: string): string {
  assertOwnPath('tenantPath', path)
  return `${notedMount(request)}${path}`
}
