/** The facts of a request, from the two forms in which frameworks of Node.js have one: the request of node:http, and the web `Request`. */
import type { IncomingHttpHeaders } from 'node:http'
import type { RequestFacts, RequestQuery } from '../../ports/resolver.ts'
import { parseQuery } from './query.ts'

/** Facts that the framework knows better than the plain request shows them. */
export interface FactsOptions {
  /** The host, where the framework reads it from a proxy that it trusts. @default the Host of the request */
  readonly host?: string | undefined
  /** The URL as the client sent it, where the framework shortens `req.url` for mounted routers. @default `req.url` */
  readonly url?: string | undefined
  /** Claims of a token that was verified already. @default none */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
}

/** The part of a request of node:http, node:https or node:http2 that is read. */
export interface NodeRequest {
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly url?: string | undefined
}

/**
 * The facts of a request of node:http, or of a framework on it. The query is parsed when a resolver first reads it.
 * @example const resolution = await tenancy.resolve(nodeFacts(req))
 */
export function nodeFacts(req: NodeRequest, options: FactsOptions = {}): RequestFacts {
  const target = targetOf(options.url ?? req.url ?? '/')
  const host = hostOf(req, target, options.host)
  return withQuery({ host, path: target.path, headers: req.headers, claims: options.claims }, target.query)
}

/**
 * The facts of a web `Request`. The query is parsed when a resolver first reads it.
 * @example const resolution = await tenancy.resolve(webFacts(request))
 */
export function webFacts(request: Request, options: Omit<FactsOptions, 'url'> = {}): RequestFacts {
  const url = new URL(request.url)
  const host = options.host ?? webHostOf(url, request.headers.get('host'))
  const headers = Object.fromEntries(request.headers)
  return withQuery({ host, path: url.pathname, headers, claims: options.claims }, url.search.slice(1))
}

/** Most applications never read the tenant from the query: they do not pay for it, and are not refused for a long one. */
function withQuery(facts: Omit<RequestFacts, 'query'>, text: string): RequestFacts {
  let query: RequestQuery | undefined
  return Object.defineProperty(facts, 'query', { enumerable: true, get: () => (query ??= parseQuery(text)) })
}

/**
 * One host, or several joined with a comma, which the chain refuses: a proxy may have read another one of them than this code would. A
 * request names its host in `Host`, in `:authority` (HTTP/2), and perhaps in its target. Node.js keeps the first of several `Host` lines
 * without a notice; here they stay visible.
 */
function hostOf({ headers, rawHeaders }: NodeRequest, target: Target, known: string | undefined): string | undefined {
  const lines = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]!.toLowerCase() === 'host')
  const others = [headers[':authority'], target.host].filter((host) => typeof host === 'string')
  const named = [...lines, ...others]
  const isAmbiguous = lines.length > 1 || new Set(named.map((host) => withoutDefaultPort(host, target.scheme))).size > 1
  return isAmbiguous ? named.join(', ') : (known ?? named[0])
}

/**
 * The header is what the client sent; several come joined with a comma. A server may build the URL from settings of its own (localhost, an
 * address, the name of a container): such a host can be no tenant's. Any other host in the URL is one that the client named as well.
 */
function webHostOf(url: URL, header: string | null): string {
  if (header === null) return url.host
  const isOwn = !url.hostname.includes('.') || /^(?:[\d.]+|\[.*\])$/.test(url.hostname)
  const scheme = url.protocol.slice(0, -1)
  return isOwn || withoutDefaultPort(header, scheme) === withoutDefaultPort(url.host, scheme) ? header : `${header}, ${url.host}`
}

/** The form in which two spellings of one host are compared. */
function withoutDefaultPort(host: string, scheme: string | undefined): string {
  const port = scheme?.toLowerCase() === 'https' ? ':443' : scheme?.toLowerCase() === 'http' ? ':80' : undefined
  const lower = host.toLowerCase()
  return port !== undefined && lower.endsWith(port) ? lower.slice(0, -port.length) : lower
}

interface Target {
  readonly path: string
  /** Without the question mark. */
  readonly query: string
  /** Only in the absolute form, which clients send to proxies. */
  readonly host?: string | undefined
  readonly scheme?: string | undefined
}

/** Reads `/polls?page=1` and `http://acme.example.com/polls?page=1`. */
function targetOf(url: string): Target {
  const [, scheme, host, path = '', query = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/([^/?]*))?([^?]*)\??(.*)$/is.exec(url)!
  return { path: path || '/', query, host, scheme }
}
