/** Lets clients into a namespace of Socket.IO, each into its tenant or not at all. */
import type { HttpTenancy } from '../../ports/tenancy-like.ts'
import { tenancyErrorOf } from '../../errors.ts'
import type { Tenant } from '../../types.ts'
import { emitGuarded } from '../shared/guarded-call.ts'
import type { HttpAnswer } from '../shared/problem.ts'
import { anyErrorAnswer } from '../shared/refusal.ts'
import { codeOf, SocketScope } from '../shared/socket-scope.ts'
import { confineNamespace } from './confined.ts'
import { enterSocket, runInTurn } from './enter-socket.ts'
import { packetTypes, partsOfSocket, type ClientParts, type NamespaceParts } from './internals.ts'
import { baseOf } from './rooms.ts'

/** `socket.data.tenant`: plain data, because Socket.IO copies it to other servers. */
export interface SocketTenant {
  readonly id: string
  readonly schema: string
  readonly name: string
}

/** A connection whose request was admitted. */
export interface Entrance {
  readonly tenant: Tenant<any> | undefined
  again<T>(fn: () => T): Promise<Awaited<T>>
  /** The answer to a user who is not the member that is asked for. */
  guard(): Promise<HttpAnswer | undefined>
}

export interface NamespaceDoor {
  readonly tenancy: Pick<HttpTenancy, 'bind' | 'tryCurrent'>
  /** What became of the request that opened the connection. */
  entranceOf(client: ClientParts): Entrance | HttpAnswer
  readonly recheckMs: number
  log(error: unknown, client: Pick<ClientParts, 'request'>): void
}

export function enterNamespace(namespace: NamespaceParts, door: NamespaceDoor): void {
  const { tenancy, entranceOf, recheckMs, log } = door
  const [add, create] = [namespace._add.bind(namespace), namespace._createSocket.bind(namespace)]
  const refuse = (client: ClientParts, answer: HttpAnswer): void => {
    const code = codeOf(answer) ?? 'REFUSED'
    const data = { code }
    // Protocol 3, of clients before Socket.IO 3, has no message beside the data.
    client._packet({
      type: packetTypes.connectError,
      nsp: namespace.name,
      data: client.conn.protocol === 3 ? data : { message: code, data },
    })
  }
  const fail = (client: ClientParts, error: unknown): void => {
    const answer = anyErrorAnswer(error)
    if (answer.status >= 500) log(error, client)
    refuse(client, answer)
  }

  namespace._add = async (client, auth, fn) => {
    const entrance = entranceOf(client)
    if ('status' in entrance) return refuse(client, entrance)
    try {
      await entrance.again(async () => {
        const answer = await entrance.guard()
        if (answer !== undefined) return refuse(client, answer)
        return add(client, ownSession(auth, entrance.tenant), fn)
      })
    } catch (error) {
      fail(client, error)
    }
  }

  namespace._createSocket = async (client, auth) => {
    const socket = partsOfSocket(await create(client, auth))
    const entrance = entranceOf(client)
    // Only `_add` comes here, and it refuses these.
    if ('status' in entrance) throw new Error('A socket of a refused connection was made.')
    const { tenant } = entrance
    const scope = new SocketScope({
      bind: (fn) => tenancy.bind(fn),
      admission: entrance,
      guard: () => entrance.guard(),
      recheckMs,
      // The client connects again, and is told why it is refused.
      end(answer, error) {
        if (answer.status >= 500 && error !== undefined) log(error, socket)
        socket.conn.close()
      },
    })
    if (tenant === undefined) delete socket.data['tenant']
    else socket.data['tenant'] = { id: tenant.id, schema: tenant.schema, name: tenant.name } satisfies SocketTenant
    if (socket.pid !== undefined && !isSessionOf(tenant, socket.pid)) socket.pid = sessionStart(tenant) + socket.pid
    enterSocket(tenancy, socket, baseOf(tenant?.id), scope, (error) => log(error, socket))
    return socket
  }

  // A middleware that fails refuses its client; what it hands to `next` is sent, as Socket.IO documents it, but for errors of partywall, which name what is inside.
  namespace.run = (socket, done) => {
    const hidden = (error: unknown): void => {
      const answer = anyErrorAnswer(error)
      if (answer.status >= 500) log(error, socket)
      const code = codeOf(answer)
      done(Object.assign(new Error(code), { data: { code } }))
    }
    runInTurn(namespace._fns, socket, (error) => (tenancyErrorOf(error) === undefined ? done(error) : hidden(error)), hidden)
  }
  namespace.emitReserved = (event, ...args) =>
    emitGuarded(namespace, event, args, (error) => log(error, (args[0] ?? {}) as ClientParts))
  confineNamespace(namespace, () => tenancy.tryCurrent?.()?.id)
}

/**
 * The recovery of connections restores rooms and messages for a secret of the client, past every middleware: that of another tenant would restore that tenant's. So
 * the secret begins with the id of its tenant, and any other is dropped: the client gets a new session.
 */
function ownSession(auth: Record<string, unknown> | undefined, tenant: Tenant<any> | undefined): Record<string, unknown> {
  const { pid, offset, ...others } = auth ?? {}
  return typeof pid === 'string' && isSessionOf(tenant, pid) ? { ...others, pid, offset } : others
}

function isSessionOf(tenant: Tenant<any> | undefined, pid: string): boolean {
  return pid.startsWith(sessionStart(tenant))
}

function sessionStart(tenant: Tenant<any> | undefined): string {
  return `${baseOf(tenant?.id)}.`
}
