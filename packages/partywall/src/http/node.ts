/**
 * partywall/node: for servers of node:http, node:https and node:http2 without a framework. `tenantListener` gives each request its tenant, and
 * `tenantUpgrade` each upgrade to another protocol, such as a WebSocket.
 */
import '../node-version.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { assertFunction } from '../given-function.ts'
import type { HttpTenancy } from '../ports/tenancy-like.ts'
import type { Attributes, Tenant } from '../types.ts'
import { bindEvents } from './shared/context.ts'
import { assertHealth, healthAnswer, type HealthHandlerOptions, type HealthTenancy } from './shared/health.ts'
import { nodeEntrance, type NodeEntranceOptions } from './shared/node-entrance.ts'
import { createOriginCheck, type OriginCheckOptions } from './shared/origin-check.ts'
import { problemAnswer, type HttpAnswer } from './shared/problem.ts'
import { answerOnSocket, withErrorsIgnored } from './shared/raw-answer.ts'
import { withoutMount } from './shared/request-mount.ts'

export type * from './shared/adapter-types.ts'
export type { HealthHandlerOptions, HealthTenancy } from './shared/health.ts'
export { tenantPath } from './shared/request-mount.ts'

export type { OriginCheckOptions, OriginDecision, OriginPolicy } from './shared/origin-check.ts'
export type { NodeEntranceOptions } from './shared/node-entrance.ts'

export interface TenantListenerOptions<A extends object = Attributes> extends NodeEntranceOptions<A> {}

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
  const { admit, factsOf, failed } = nodeEntrance('tenantListener', tenancy, options)

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
      const answer = failed(error, req)
      if (res.headersSent) res.destroy()
      else send(res, answer)
    })
}

/**
 * A listener that answers a health check, whatever its path. Call it for the paths of health checks, or give it to a server of its own: it has no tenant.
 * @example createServer(healthListener(tenancy)).listen(9090)
 * @throws TenancyError INVALID_OPTION
 */
export function healthListener(
  tenancy: HealthTenancy,
  options: HealthHandlerOptions = {},
): (req: IncomingMessage, res: ServerResponse) => void {
  assertHealth('healthListener', tenancy, options)
  return (_req, res) => void healthAnswer(tenancy, options).then((answer) => send(res, answer))
}

export type TenantUpgradeHandler<A extends object = Attributes> = (
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  tenant: Tenant<A> | undefined,
) => unknown

export interface TenantUpgradeOptions<A extends object = Attributes> extends NodeEntranceOptions<A>, OriginCheckOptions<A> {}

/**
 * A listener for the event `upgrade`. `handler` runs in the scope of the tenant, and so do the events of the socket. A refused request gets its answer as HTTP,
 * and the socket is closed; so does one from a page that is not the tenant's own, because browsers send cookies with a WebSocket from any page.
 * For the packages ws and Socket.IO, `partywall/ws` and `partywall/socket-io` do more.
 * @example server.on('upgrade', tenantUpgrade(tenancy, (req, socket, head) => wss.handleUpgrade(req, socket, head, greet)))
 * @throws TenancyError INVALID_OPTION
 */
export function tenantUpgrade<A extends object>(
  tenancy: HttpTenancy<A>,
  handler: TenantUpgradeHandler<NoInfer<A>>,
  options: TenantUpgradeOptions<NoInfer<A>> = {},
): (req: IncomingMessage, socket: Duplex, head: Buffer) => void {
  assertFunction('tenantUpgrade', handler)
  const { admit, factsOf, failed } = nodeEntrance('tenantUpgrade', tenancy, options, ['origin'])
  const mayCome = createOriginCheck<A>('tenantUpgrade', tenancy, options.origin)

  const upgrade = async (req: IncomingMessage, socket: Duplex, head: Buffer): Promise<unknown> => {
    const facts = factsOf(req)
    const admission = await admit(facts, req)
    if (admission.action === 'refuse') return answerOnSocket(socket, admission.answer)
    if (!(await mayCome(facts, req, admission.tenant))) return answerOnSocket(socket, problemAnswer('FOREIGN_ORIGIN'))
    // The client may have gone meanwhile.
    if (socket.destroyed) return undefined
    return admission.run(() => {
      if (admission.mount !== undefined) req.url = withoutMount('tenantUpgrade', req, req.url ?? '/', admission.mount)
      bindEvents(tenancy, req, socket)
      return handler(req, socket, head, admission.tenant)
    })
  }
  return (req, socket, head) =>
    withErrorsIgnored(socket, () =>
      upgrade(req, socket, head).catch((error: unknown) => answerOnSocket(socket, failed(error, req))),
    )
}

function send(res: ServerResponse, { status, headers, body }: HttpAnswer): void {
  res.writeHead(status, headers).end(body)
}
