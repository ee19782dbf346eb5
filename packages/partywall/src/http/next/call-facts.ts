/** The facts of a call of Next.js. */
import type { RequestFacts } from '../../ports/resolver.ts'
import { webFacts } from '../shared/facts.ts'
import type { NextCall } from './call.ts'
import { pathHeader, pathKey, verifiedPath } from './signed-path.ts'

export interface NextCallOptions {
  /** The claims of a token that was verified already, for byClaim and resolvers of your own. @default none */
  claims?: (call: NextCall) => Readonly<Record<string, unknown>> | undefined
  /**
   * The host, where a proxy that you trust passes it in another header, which it must replace.
   * @example host: ({ headers }) => headers.get('x-forwarded-host')
   * @default the header Host
   */
  host?: (call: NextCall) => string | null | undefined
  /**
   * Signs the path that `tenantProxy` passes on to the pages: for `byPath` where the proxy runs in another process than the pages, as on serverless platforms. The same for
   * `tenantNext` and `tenantProxy`, at least 32 characters. @default a random one of this process
   */
  secret?: string
}

export const callKeys = ['claims', 'host', 'secret'] as const

/**
 * Makes the function that gives the facts of a call; undefined for one with a forged header of the proxy. The host in the URL is not used: Next.js writes the name under which
 * the server listens into it.
 */
export function callFacts(what: string, options: NextCallOptions): (call: NextCall) => RequestFacts | undefined {
  const { claims, host } = options
  const key = pathKey(what, options)
  return (call) => {
    const { headers, request } = call
    const known = { host: host?.(call) ?? headers.get('host') ?? '', claims: claims?.(call) }
    const sent = headers.get(pathHeader)
    const verified = sent === null ? undefined : verifiedPath(key, headers.get('host') ?? '', sent)
    if (sent !== null && verified === undefined) return undefined
    if (request === undefined) return { ...known, path: verified, headers: Object.fromEntries(headers) }
    const facts = webFacts(request, known)
    const path = verified ?? ownPath(request) ?? facts.path
    return Object.defineProperty(facts, 'path', { value: path, enumerable: true })
  }
}

/** Without the `basePath` of the app, which the URL of a request holds; undefined for a plain `Request`. */
function ownPath(request: Request): string | undefined {
  return (request as { readonly nextUrl?: { readonly pathname: string } }).nextUrl?.pathname
}
