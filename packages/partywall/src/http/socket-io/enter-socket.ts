/** Brings the events of one socket of Socket.IO into the scope of its tenant. */
import type { HttpTenancy } from '../../ports/tenancy-like.ts'
import { callGuarded, emitGuarded, type Failed } from '../shared/guarded-call.ts'
import type { SocketScope } from '../shared/socket-scope.ts'
import { confined } from './confined.ts'
import { packetTypes, type Done, type SocketParts } from './internals.ts'
import { withBase, withBases } from './rooms.ts'

/**
 * Every listener, middleware and acknowledgement runs in the scope, and none of them ends the process. Each packet of the client enters the tenant again. Rooms
 * and broadcasts stay with the tenant. Call it in the scope.
 */
export function enterSocket(
  tenancy: Pick<HttpTenancy, 'bind'>,
  socket: SocketParts,
  base: string,
  scope: SocketScope,
  failed: Failed,
): void {
  const original = {
    onpacket: socket._onpacket.bind(socket),
    onconnect: socket._onconnect.bind(socket),
    onclose: socket._onclose.bind(socket),
    onerror: socket._onerror.bind(socket),
    cleanup: socket._cleanup.bind(socket),
    join: socket.join.bind(socket),
    leave: socket.leave.bind(socket),
    operator: socket.newBroadcastOperator.bind(socket),
  }

  socket._onpacket = (packet) => {
    const take = (): void => callGuarded(() => original.onpacket(packet), failed)
    if (packet.type === packetTypes.disconnect) scope.after(take)
    else scope.take(take)
  }
  socket.onevent = ({ id, data = [] }) => {
    const args = [...data, ...(id === undefined || id === null ? [] : [socket.ack(id)])]
    for (const listener of socket.listenersAny().slice()) callGuarded(() => Reflect.apply(listener, socket, args), failed)
    socket.dispatch(args)
  }
  socket.run = (event, done) => runInTurn(socket.fns, event, done, failed)
  socket.dispatch = (event) =>
    socket.run(event, (error) => {
      // As Socket.IO does it: an event is told after the code that received it.
      process.nextTick(() => {
        if (error) socket._onerror(error)
        else if (socket.connected) emitGuarded(socket, event[0] as string, event.slice(1), failed)
      })
    })
  socket.emitReserved = (event, ...args) => emitGuarded(socket, event, args, failed)
  // Told always, even if there is no tenant any more.
  socket._onclose = (...args) => scope.here(() => original.onclose(...args))
  socket._onerror = (error) => scope.here(() => original.onerror(error))
  // An acknowledgement belongs to the code that asked for it.
  socket.acks = new BoundAcks((ack) => tenancy.bind((...args: unknown[]) => callGuarded(() => ack(...args), failed)))

  // The room of its own id is how Socket.IO reaches a socket.
  const full = (room: string): string => (room === socket.id ? room : withBase(base, room))
  socket.join = (rooms) => original.join([rooms].flat().map(full))
  socket.leave = (room) => original.leave(full(room))
  socket.newBroadcastOperator = () => confined(original.operator(), base)
  callGuarded(() => original.join([base, ...withBases(base, socket.id)]), failed)

  socket._onconnect = () => {
    original.onconnect()
    scope.watch()
  }
  socket._cleanup = () => {
    scope.stop()
    original.cleanup()
  }
}

/** Middlewares one after the other, as Socket.IO calls them. One that fails stops there, and `done` is not called; one that calls `next` twice goes on once. */
export function runInTurn<Subject>(
  fns: readonly ((subject: Subject, next: Done) => unknown)[],
  subject: Subject,
  done: Done,
  failed: Failed,
): void {
  const [all, runFrom] = [
    [...fns],
    (index: number): void => {
      const fn = all[index]
      if (fn === undefined) return done()
      let isOver = false
      const once = (then: () => void): void => {
        if (!isOver) then()
        isOver = true
      }
      callGuarded(
        () => fn(subject, (error) => once(() => (error ? done(error) : runFrom(index + 1)))),
        (error) => once(() => failed(error)),
      )
    },
  ] as const
  runFrom(0)
}

type Ack = (...args: unknown[]) => unknown

/** Socket.IO sets an acknowledgement when code emits, and calls it when the client answers. */
class BoundAcks extends Map<number, Ack> {
  readonly #bound: (ack: Ack) => Ack

  constructor(bound: (ack: Ack) => Ack) {
    super()
    this.#bound = bound
  }

  override set(id: number, ack: Ack): this {
    return super.set(id, this.#bound(ack))
  }
}
