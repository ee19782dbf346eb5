/**
 * The parts of Socket.IO 4 that are replaced on its objects. They are not in its documentation: its own sockets emit past `emit`, and its recovery of connections
 * goes past its middlewares. An object without one of them is refused when the application starts, so that no other version serves tenants without a scope.
 */
import type { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { unusableVersion } from '../../tested-versions.ts'

export type Done = (error?: unknown) => void

interface Packet {
  readonly type: number
  readonly id?: number
  readonly data?: unknown[]
}

/** As socket.io-parser numbers them. */
export const packetTypes = { disconnect: 1, connectError: 4 } as const

export interface ClientParts {
  readonly request: IncomingMessage
  readonly conn: { readonly protocol: number; close(): void }
  _packet(packet: object): void
}

export interface OperatorParts {
  readonly rooms: ReadonlySet<string>
  to(room: string | readonly string[]): OperatorParts
}

export interface SocketParts extends EventEmitter {
  readonly id: string
  pid?: string
  data: Record<string, unknown>
  readonly request: IncomingMessage
  readonly conn: { close(): void }
  readonly connected: boolean
  readonly fns: readonly ((event: unknown[], next: Done) => unknown)[]
  acks: Map<number, (...args: unknown[]) => unknown>
  join(rooms: string | string[]): Promise<void> | void
  leave(room: string): Promise<void> | void
  listenersAny(): readonly ((...args: unknown[]) => unknown)[]
  ack(id: number): (...args: unknown[]) => void
  dispatch(event: unknown[]): void
  onevent(packet: Packet): void
  run(event: unknown[], done: Done): void
  emitReserved(event: string, ...args: unknown[]): boolean
  newBroadcastOperator(): OperatorParts
  _onpacket(packet: Packet): void
  _onconnect(): void
  _onclose(...args: unknown[]): unknown
  _onerror(error: unknown): void
  _cleanup(): void
}

export interface NamespaceParts extends EventEmitter {
  readonly name: string
  readonly _fns: readonly ((socket: SocketParts, next: Done) => unknown)[]
  _add(client: ClientParts, auth: Record<string, unknown>, fn: unknown): Promise<void>
  _createSocket(client: ClientParts, auth: Record<string, unknown>): Promise<SocketParts>
  run(socket: SocketParts, done: Done): void
  emitReserved(event: string, ...args: unknown[]): boolean
  to(room: string | readonly string[]): OperatorParts
}

export interface ServerParts {
  readonly _nsps: ReadonlyMap<string, NamespaceParts>
  readonly parentNsps: ReadonlyMap<unknown, NamespaceParts>
  of(...args: unknown[]): NamespaceParts
}

const why = 'does not have what partywall enters the tenant by, so its events would carry no tenant.'

const ofServer = ['_nsps', 'parentNsps', 'of'] as const
const ofNamespace = ['_fns', '_add', '_createSocket', 'run', 'emitReserved', 'to'] as const
const ofSocket = [
  'fns',
  'acks',
  'join',
  'leave',
  'listenersAny',
  'ack',
  'dispatch',
  'onevent',
  'run',
  'emitReserved',
  'newBroadcastOperator',
  '_onpacket',
  '_onconnect',
  '_onclose',
  '_onerror',
  '_cleanup',
] as const

/** @throws TenancyError INVALID_OPTION */
export function partsOfServer(io: object): ServerParts {
  return checked<ServerParts>(io, ofServer)
}

/** @throws TenancyError INVALID_OPTION */
export function partsOfNamespace(namespace: object): NamespaceParts {
  return checked<NamespaceParts>(namespace, ofNamespace)
}

/** @throws TenancyError INVALID_OPTION */
export function partsOfSocket(socket: object): SocketParts {
  return checked<SocketParts>(socket, ofSocket)
}

function checked<T>(given: object, names: readonly string[]): T {
  if (names.every((name) => Reflect.get(given, name) !== undefined)) return given as T
  throw unusableVersion('socket.io', why)
}
