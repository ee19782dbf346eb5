/**
 * partywall/socket-io, for Socket.IO 4. `tenantSockets` gives each connection its tenant, by long polling and by WebSocket, in every namespace: listeners, middlewares
 * and acknowledgements run in the tenant's scope, and rooms and broadcasts stay with the tenant.
 *
 * Not isolated by it: `io.of('/').sockets`, which holds the sockets of all tenants, and `io.emit` outside of a tenant's scope.
 */
import '../../node-version.ts'
import { ServerResponse, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Server } from 'socket.io'
import { TenancyError } from '../../errors.ts'
import type { HttpTenancy } from '../../ports/tenancy-like.ts'
import { seen } from '../../seen.ts'
import { warnIfUntested } from '../../tested-versions.ts'
import type { Attributes } from '../../types.ts'
import { nodeEntrance, type NodeEntranceOptions } from '../shared/node-entrance.ts'
import { createOriginCheck, type OriginCheckOptions } from '../shared/origin-check.ts'
import { problemAnswer, type HttpAnswer } from '../shared/problem.ts'
import { answerOnSocket, withErrorsIgnored } from '../shared/raw-answer.ts'
import { refusal } from '../shared/refusal.ts'
import { checkedSocketOptions, codeOf, memberAnswer, socketKeys, type SocketOptions } from '../shared/socket-scope.ts'
import { enterNamespace, type Entrance, type NamespaceDoor } from './enter-namespace.ts'
import { partsOfNamespace, partsOfServer, type NamespaceParts } from './internals.ts'

export type * from '../shared/adapter-types.ts'
export type { NodeEntranceOptions } from '../shared/node-entrance.ts'
export type { OriginCheckOptions, OriginDecision, OriginPolicy } from '../shared/origin-check.ts'
export type { SocketOptions } from '../shared/socket-scope.ts'
export { memberOf } from '../shared/member-guard.ts'
export type { SocketTenant } from './enter-namespace.ts'
export { tenantRoom } from './rooms.ts'

export interface TenantSocketsOptions<A extends object = Attributes>
  extends NodeEntranceOptions<A>, OriginCheckOptions<A>, SocketOptions {}

/**
 * Call it once, when `io` has its server: after `new Server(httpServer)` or `io.attach`, and after `io.engine.use` of a session that `user` reads. A refused client gets `connect_error`
 * with `data: { code }`. A tenant that may not be entered any more, or a user who is no member any more, ends the connection at the next message. A listener that fails is logged.
 * @example
 * const io = new Server(server)
 * tenantSockets(tenancy, io)
 * io.on('connection', (socket) => socket.on('rename', async (title) => io.to('list').emit('renamed', await rename(title))))
 * @throws TenancyError INVALID_OPTION
 */
export function tenantSockets<A extends object>(
  tenancy: HttpTenancy<A>,
  io: Server<any, any, any, any>,
  options: TenantSocketsOptions<NoInfer<A>> = {},
): void {
  warnIfUntested('socket.io')
  const engine = engineOf(io)
  const { admit, factsOf, log, retryAfterMs, failed } = nodeEntrance('tenantSockets', tenancy, options, ['origin', ...socketKeys])
  const mayCome = createOriginCheck<A>('tenantSockets', tenancy, options.origin)
  const { member, recheckMs } = checkedSocketOptions('tenantSockets', options)
  const server = partsOfServer(io)
  /** What became of each request that opened a connection. */
  const entrances = new WeakMap<IncomingMessage, Entrance | HttpAnswer>()

  const admitted = async (req: IncomingMessage): Promise<Entrance | HttpAnswer> => {
    try {
      const facts = factsOf(req)
      const admission = await admit(facts, req)
      if (admission.action === 'refuse') {
        // A page of the application has no code.
        return codeOf(admission.answer) === undefined ? refusal(admission.resolution, { retryAfterMs }) : admission.answer
      }
      if (!(await mayCome(facts, req, admission.tenant))) return problemAnswer('FOREIGN_ORIGIN')
      const { tenant, again } = admission
      return { tenant, again, guard: () => memberAnswer('tenantSockets', req, member) }
    } catch (error) {
      return failed(error, req)
    }
  }

  engine.use((req, res, next) => {
    const enter = async (): Promise<void> => {
      const own = await admitted(req)
      const { sid } = req._query
      const session = typeof sid === 'string' && Object.hasOwn(engine.clients, sid) ? engine.clients[sid]?.request : undefined
      if (!sid) entrances.set(req, own)
      const opened = session && entrances.get(session)
      // A refused connection holds nothing, and is needed to tell the client why.
      if (opened === undefined || 'status' in opened) return next()
      if ('status' in own) return answerTo(req, res, own)
      // The id of a connection is a secret of one client at one tenant. At another it is answered as one that does not exist.
      if (opened.tenant?.id !== own.tenant?.id) req._query = { ...req._query, sid: 'of-no-session' }
      return next()
    }
    const safely = (): Promise<void> => enter().catch((error: unknown) => log(error, req))
    if (res instanceof ServerResponse) void safely()
    else withErrorsIgnored(req.socket, safely)
  })

  const door: NamespaceDoor = {
    tenancy,
    recheckMs,
    log: (error, client) => log(error, client.request),
    entranceOf: ({ request }) => {
      const entrance = request && entrances.get(request)
      if (entrance !== undefined) return entrance
      log(
        new TenancyError(
          'INVALID_OPTION',
          'tenantSockets has not seen the request of this connection: call it after io.attach, and for one server.',
          {
            details: { what: 'tenantSockets' },
          },
        ),
        request,
      )
      return problemAnswer('INTERNAL_ERROR')
    },
  }
  const entered = new WeakSet<object>()
  const enter = <Namespace extends NamespaceParts>(namespace: Namespace): Namespace => {
    if (!entered.has(namespace)) enterNamespace(partsOfNamespace(namespace), door)
    entered.add(namespace)
    return namespace
  }
  for (const namespace of [...server._nsps.values(), ...server.parentNsps.values()]) enter(namespace)
  // Socket.IO asks it for the namespace of each client, too.
  const of = server.of.bind(server)
  Object.defineProperty(server, 'of', { value: (...args: unknown[]) => enter(of(...args)), configurable: true, writable: true })
}

interface EngineRequest extends IncomingMessage {
  _query: Record<string, unknown>
}

/** For an upgrade Engine.IO makes a response that cannot answer. */
interface UpgradeResponse {
  readonly socket: Duplex
}

interface Engine {
  readonly clients: Readonly<Record<string, { readonly request: IncomingMessage }>>
  use(middleware: (req: EngineRequest, res: ServerResponse | UpgradeResponse, next: () => void) => void): void
}

function engineOf(io: Server<any, any, any, any> | undefined): Engine {
  const engine = io?.engine as unknown as Partial<Engine> | undefined
  if (typeof engine?.use === 'function') return engine as Engine
  throw new TenancyError(
    'INVALID_OPTION',
    io === undefined || typeof io.of !== 'function'
      ? `tenantSockets takes a Server of Socket.IO second; it got ${seen(io)}.`
      : 'tenantSockets needs a Server of Socket.IO that has its HTTP server: call it after new Server(httpServer), io.attach or io.listen.',
    { details: { what: 'tenantSockets', option: 'io' } },
  )
}

function answerTo(req: IncomingMessage, res: ServerResponse | UpgradeResponse, answer: HttpAnswer): void {
  if (!(res instanceof ServerResponse)) return answerOnSocket(req.socket, answer)
  // Not by a pool of connections: what the client sends next may be the body that was not read.
  res.writeHead(answer.status, { ...answer.headers, connection: 'close' }).end(answer.body)
}
