/**
 * partywall/ws, for the package ws 8. `tenantWebSockets` gives each WebSocket its tenant: every event of it runs in the tenant's scope, and each message enters
 * the tenant as it is by then.
 *
 * Not isolated by it: `wss.clients`, which holds the sockets of all tenants. `tenantClients` has those of one.
 */
import '../node-version.ts'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import { TenancyError } from '../errors.ts'
import type { HttpTenancy, MemberTenancy } from '../ports/tenancy-like.ts'
import { seen } from '../seen.ts'
import { warnIfUntested } from '../tested-versions.ts'
import type { Attributes } from '../types.ts'
import { bindEvents } from './shared/context.ts'
import { callGuarded, emitGuarded, type Failed } from './shared/guarded-call.ts'
import { nodeEntrance, type NodeEntranceOptions } from './shared/node-entrance.ts'
import { createOriginCheck, type OriginCheckOptions } from './shared/origin-check.ts'
import { problemAnswer, type HttpAnswer } from './shared/problem.ts'
import { answerOnSocket, withErrorsIgnored } from './shared/raw-answer.ts'
import { anyErrorAnswer } from './shared/refusal.ts'
import { withoutMount } from './shared/request-mount.ts'
import { checkedSocketOptions, codeOf, memberAnswer, socketKeys, SocketScope, type SocketOptions } from './shared/socket-scope.ts'

export type * from './shared/adapter-types.ts'
export type { NodeEntranceOptions } from './shared/node-entrance.ts'
export type { OriginCheckOptions, OriginDecision, OriginPolicy } from './shared/origin-check.ts'
export type { SocketOptions } from './shared/socket-scope.ts'
export { memberOf } from './shared/member-guard.ts'
export { tenantPath } from './shared/request-mount.ts'

export interface TenantWebSocketsOptions<A extends object = Attributes>
  extends NodeEntranceOptions<A>, OriginCheckOptions<A>, SocketOptions {}

/**
 * A listener for the event `upgrade` of a server. It refuses by an answer over HTTP, or emits `connection` of `wss` with the socket, the request and the tenant (undefined on the
 * shared side), in the scope. A tenant that may not be entered any more, or a user who is no member any more, ends the socket at the next message: with 1008, 1013 in maintenance,
 * and the code of the error as the reason. A listener that fails is logged, and its socket is closed with 1011.
 * @example
 * const wss = new WebSocketServer({ noServer: true })
 * server.on('upgrade', tenantWebSockets(tenancy, wss))
 * wss.on('connection', (ws) => ws.on('message', async () => ws.send(await answerOf(tenancy.current()))))
 * @throws TenancyError INVALID_OPTION
 */
export function tenantWebSockets<A extends object>(
  tenancy: HttpTenancy<A>,
  wss: WebSocketServer,
  options: TenantWebSocketsOptions<NoInfer<A>> = {},
): (req: IncomingMessage, socket: Duplex, head: Buffer) => void {
  warnIfUntested('ws')
  assertNoServer(wss)
  const {
    admit,
    factsOf,
    log,
    retryAfterMs,
    failed: answerTo,
  } = nodeEntrance('tenantWebSockets', tenancy, options, ['origin', ...socketKeys])
  const mayCome = createOriginCheck<A>('tenantWebSockets', tenancy, options.origin)
  const { member, recheckMs } = checkedSocketOptions('tenantWebSockets', options)

  const upgrade = async (req: IncomingMessage, socket: Duplex, head: Buffer): Promise<unknown> => {
    const facts = factsOf(req)
    const admission = await admit(facts, req)
    if (admission.action === 'refuse') return answerOnSocket(socket, admission.answer)
    const { tenant, mount } = admission
    if (!(await mayCome(facts, req, tenant))) return answerOnSocket(socket, problemAnswer('FOREIGN_ORIGIN'))
    const guard = (): Promise<HttpAnswer | undefined> => memberAnswer('tenantWebSockets', req, member)

    return admission.run(async () => {
      const refused = await guard()
      if (refused !== undefined) return answerOnSocket(socket, refused)
      // The client may have gone meanwhile.
      if (socket.destroyed) return undefined
      if (mount !== undefined) req.url = withoutMount('tenantWebSockets', req, req.url ?? '/', mount)
      bindEvents(tenancy, req, socket)
      return wss.handleUpgrade(req, socket, head, (ws: WebSocket) => {
        const end = (answer: HttpAnswer, error?: unknown): void => {
          if (answer.status >= 500 && error !== undefined) log(error, req)
          ws.close(closeCode(answer), codeOf(answer))
        }
        const failed = (error: unknown): void => end(anyErrorAnswer(error, { retryAfterMs }), error)
        enterEvents(ws, new SocketScope({ bind: (fn) => tenancy.bind(fn), admission, guard, recheckMs, end }), failed)
        if (tenant !== undefined) keepClient(wss, tenant.id, ws)
        emitGuarded(wss, 'connection', [ws, req, tenant], failed)
      })
    })
  }
  return (req, socket, head) =>
    withErrorsIgnored(socket, () =>
      upgrade(req, socket, head).catch((error: unknown) => answerOnSocket(socket, answerTo(error, req))),
    )
}

/**
 * The open sockets of the current tenant, for messages to all of them: `wss.clients` holds those of every tenant.
 * @example for (const client of tenantClients(tenancy, wss)) client.send(text)
 * @throws TenancyError NO_TENANT outside of a tenant
 */
export function tenantClients(tenancy: Pick<MemberTenancy, 'tryCurrent'>, wss: WebSocketServer): WebSocket[] {
  const tenant = tenancy.tryCurrent()
  if (tenant === undefined) {
    throw new TenancyError(
      'NO_TENANT',
      'tenantClients gives the sockets of the current tenant, and there is none here: call it inside tenancy.run(tenant, fn).',
      {
        details: { scope: 'none' },
      },
    )
  }
  return [...(clientsOf.get(wss)?.get(tenant.id) ?? [])].filter((ws) => ws.readyState === ws.OPEN)
}

/** Sent by the client: each enters the tenant again. What comes from the connection (`close`, `error`) is told always, in the scope that was entered last. */
const fromClient: ReadonlySet<string | symbol> = new Set(['message', 'ping', 'pong'])

function enterEvents(ws: WebSocket, scope: SocketScope, failed: Failed): void {
  const deliver = (event: string | symbol, args: readonly unknown[]): boolean => emitGuarded(ws, event, args, failed)
  ws.emit = (event: string | symbol, ...args: unknown[]) => {
    if (fromClient.has(event)) {
      scope.take(() => void deliver(event, args))
      return ws.listenerCount(event) > 0
    }
    if (event !== 'close' && event !== 'error') return scope.here(() => deliver(event, args))
    scope.after(() => {
      if (event === 'close') scope.stop()
      deliver(event, args)
    })
    return ws.listenerCount(event) > 0
  }
  guardHandlers(ws, failed)
  scope.watch()
}

type EventHandler = ((event: unknown) => unknown) | { handleEvent(event: unknown): unknown }

/** `ws.onmessage = …` and `addEventListener` wrap the handler in a function that forgets its promise. */
function guardHandlers(ws: WebSocket, failed: Failed): void {
  const [add, remove] = [ws.addEventListener.bind(ws), ws.removeEventListener.bind(ws)] as [Listening, Listening]
  const guarded = new WeakMap<object, EventHandler>()
  const own: { addEventListener: Listening; removeEventListener: Listening } = {
    addEventListener(type, handler, ...others) {
      const call = typeof handler === 'function' ? handler.bind(ws) : handler.handleEvent.bind(handler)
      const known = guarded.get(handler) ?? ((event) => callGuarded(() => call(event), failed))
      guarded.set(handler, known)
      add(type, known, ...others)
    },
    removeEventListener: (type, handler) => remove(type, guarded.get(handler) ?? handler),
  }
  Object.assign(ws, own)
}

type Listening = (type: string, handler: EventHandler, ...others: unknown[]) => void

/** By server and by the id of the tenant. */
const clientsOf = new WeakMap<object, Map<string, Set<WebSocket>>>()

function keepClient(wss: object, tenantId: string, ws: WebSocket): void {
  const ofServer = clientsOf.get(wss) ?? new Map<string, Set<WebSocket>>()
  clientsOf.set(wss, ofServer)
  const ofTenant = ofServer.get(tenantId) ?? new Set<WebSocket>()
  ofServer.set(tenantId, ofTenant.add(ws))
  ws.once('close', () => {
    ofTenant.delete(ws)
    if (ofTenant.size === 0 && ofServer.get(tenantId) === ofTenant) ofServer.delete(tenantId)
  })
}

/** RFC 6455: 1008 for a policy, 1011 for an error of the server, 1013 to try again later. */
function closeCode({ status }: HttpAnswer): number {
  if (status === 503) return 1013
  return status >= 500 ? 1011 : 1008
}

/** A server that listens by itself would let in every upgrade beside this listener. */
function assertNoServer(wss: WebSocketServer | undefined): void {
  if (typeof wss?.handleUpgrade === 'function' && wss.options?.noServer === true) return
  throw new TenancyError(
    'INVALID_OPTION',
    `tenantWebSockets takes new WebSocketServer({ noServer: true }) second; it got ${typeof wss?.handleUpgrade === 'function' ? 'one that listens by itself' : seen(wss)}.`,
    { details: { what: 'tenantWebSockets', option: 'noServer' } },
  )
}
