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
  const host = hostOf(req, target.host, options.host)
  return withQuery({ host, path: target.path, headers: req.headers, claims: options.claims }, target.query)
}

/**
 * The facts of a web `Request`. The query is parsed when a resolver first reads it.
 * @example const resolution = await tenancy.resolve(webFacts(request))
 */
export function webFacts(request: Request, options: Omit<FactsOptions, 'url'> = {}): RequestFacts {
  const url = new URL(request.url)
  // A server may build the URL from settings of its own; the header is what the client sent. Several come joined with a comma.
  const host = options.host ?? request.headers.get('host') ?? url.host
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
function hostOf(
  { headers, rawHeaders }: NodeRequest,
  inTarget: string | undefined,
  known: string | undefined,
): string | undefined {
  const lines = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]!.toLowerCase() === 'host')
  const others = [headers[':authority'], inTarget].filter((host) => typeof host === 'string')
  const named = [...lines, ...others]
  const isAmbiguous = lines.length > 1 || new Set(named.map((host) => host.toLowerCase())).size > 1
  return isAmbiguous ? named.join(', ') : (known ?? named[0])
}

interface Target {
  readonly path: string
  /** Without the question mark. */
  readonly query: string
  /** Only in the absolute form, which clients send to proxies. */
  readonly host?: string | undefined
}

/** Reads `/polls?page=1` and `http://acme.example.com/polls?page=1`. */
function targetOf(url: string): Target {
  const [, host, path = '', query = ''] = /^(?:[a-z][a-z0-9+.-]*:\/\/([^/?]*))?([^?]*)\??(.*)$/is.exec(url)!
  return { path: path || '/', query, host }
}
