/**
 * partywall/node: for servers of node:http, node:https and node:http2 without a framework. `tenantListener` gives each request its tenant, and
 * `tenantUpgrade` each upgrade to another protocol, such as a WebSocket.
 */
import '../node-version.ts'
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { assertFunction } from '../given-function.ts'
import { assertKnownKeys } from '../known-keys.ts'
import type { HttpTenancy } from '../ports/tenancy-like.ts'
import type { Attributes, Tenant } from '../types.ts'
import { createAdmission } from './shared/admission.ts'
import { admissionKeys, type AdmissionOptions } from './shared/admission-options.ts'
import { bindEvents } from './shared/context.ts'
import { nodeFacts } from './shared/facts.ts'
import type { HttpAnswer } from './shared/problem.ts'
import { anyErrorAnswer } from './shared/refusal.ts'
import { withoutMount } from './shared/request-mount.ts'

export type * from './shared/adapter-types.ts'
export { tenantPath } from './shared/request-mount.ts'

export interface TenantListenerOptions<A extends object = Attributes> extends AdmissionOptions<A, IncomingMessage> {
  /** The claims of a token that you have verified, for byClaim and resolvers of your own. @default none */
  claims?: (req: IncomingMessage) => Readonly<Record<string, unknown>> | undefined
  /** The host, where a proxy that you trust passes it in another header. @default the Host of the request */
  host?: (req: IncomingMessage) => string | undefined
  /** Receives each error that is answered with 500 or more. @default console.error */
  log?: (error: unknown, req: IncomingMessage) => void
}

/** `tenant` is undefined on the shared side. */
export type TenantHandler<A extends object = Attributes> = (
  req: IncomingMessage,
  res: ServerResponse,
  tenant: Tenant<A> | undefined,
) => unknown

/**
 * A listener for `createServer`. `handler` runs in the scope of the tenant, and so do the events of request and response; with byPath `req.url` is the
 * URL without the tenant. An error of the handler is answered by its code, or with 500 and without its message; after the head was sent, the connection ends.
 * @example createServer(tenantListener(tenancy, (req, res, tenant) => res.end(tenant?.name))).listen(3000)
 * @throws TenancyError INVALID_OPTION
 */
export function tenantListener<A extends object>(
  tenancy: HttpTenancy<A>,
  handler: TenantHandler<NoInfer<A>>,
  options: TenantListenerOptions<NoInfer<A>> = {},
): (req: IncomingMessage, res: ServerResponse) => void {
  assertFunction('tenantListener', handler)
  const { admit, factsOf, log, retryAfterMs } = entrance('tenantListener', tenancy, options)

  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<unknown> => {
    const admission = await admit(factsOf(req), req)
    if (admission.action === 'refuse') return send(res, admission.answer)
    return admission.run(() => {
      if (admission.mount !== undefined) req.url = withoutMount('tenantListener', req, req.url ?? '/', admission.mount)
      bindEvents(tenancy, req, res)
      return handler(req, res, admission.tenant)
    })
  }
  return (req, res) =>
    void serve(req, res).catch((error: unknown) => {
      const answer = anyErrorAnswer(error, { retryAfterMs })
      if (answer.status >= 500) log(error, req)
      if (res.headersSent) res.destroy()
      else send(res, answer)
    })
}

export type TenantUpgradeHandler<A extends object = Attributes> = (
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  tenant: Tenant<A> | undefined,
) => unknown

/**
 * A listener for the event `upgrade`. `handler` runs in the scope of the tenant, and so do the events of the socket. A refused request gets its answer as HTTP,
 * and the socket is closed. Browsers send cookies with a WebSocket from any page: compare the `Origin` before you trust them.
 * @example server.on('upgrade', tenantUpgrade(tenancy, (req, socket, head) => wss.handleUpgrade(req, socket, head, greet)))
 * @throws TenancyError INVALID_OPTION
 */
export function tenantUpgrade<A extends object>(
  tenancy: HttpTenancy<A>,
  handler: TenantUpgradeHandler<NoInfer<A>>,
  options: TenantListenerOptions<NoInfer<A>> = {},
): (req: IncomingMessage, socket: Duplex, head: Buffer) => void {
  assertFunction('tenantUpgrade', handler)
  const { admit, factsOf, log, retryAfterMs } = entrance('tenantUpgrade', tenancy, options)

  const upgrade = async (req: IncomingMessage, socket: Duplex, head: Buffer): Promise<unknown> => {
    const admission = await admit(factsOf(req), req)
    if (admission.action === 'refuse') return endWith(socket, admission.answer)
    // The client may have gone meanwhile.
    if (socket.destroyed) return undefined
    return admission.run(() => {
      if (admission.mount !== undefined) req.url = withoutMount('tenantUpgrade', req, req.url ?? '/', admission.mount)
      bindEvents(tenancy, req, socket)
      return handler(req, socket, head, admission.tenant)
    })
  }
  return (req, socket, head) => {
    socket.on('error', ignore)
    upgrade(req, socket, head)
      .catch((error: unknown) => {
        const answer = anyErrorAnswer(error, { retryAfterMs })
        if (answer.status >= 500) log(error, req)
        endWith(socket, answer)
      })
      .finally(() => socket.off('error', ignore))
  }
}

function entrance<A extends object>(what: string, tenancy: HttpTenancy<A>, options: TenantListenerOptions<A>) {
  assertKnownKeys(what, options, [...admissionKeys, 'claims', 'host', 'log'], 'INVALID_OPTION')
  const { claims, host, log = toConsole, ...admissionOptions } = options
  const admit = createAdmission<A, IncomingMessage>(tenancy, admissionOptions, what)
  return {
    admit,
    factsOf: (req: IncomingMessage) => nodeFacts(req, { host: host?.(req), claims: claims?.(req) }),
    log,
    retryAfterMs: options.retryAfterMs ?? 60_000,
  }
}

function send(res: ServerResponse, { status, headers, body }: HttpAnswer): void {
  res.writeHead(status, headers).end(body)
}

function endWith(socket: Duplex, { status, headers, body }: HttpAnswer): void {
  if (socket.destroyed) return
  const lines = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' })
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
  )
}

/** Without a listener, a connection that breaks before the handler has it would end the process. */
function ignore(): void {}

function toConsole(error: unknown): void {
  // oxlint-disable-next-line no-console -- a server without a framework has no other log
  console.error(error)
}
