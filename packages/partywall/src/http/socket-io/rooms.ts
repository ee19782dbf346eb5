/**
 * Rooms of a tenant. A room is a name, and `room-1` of two tenants would be one room; a client that may choose the name would listen to another tenant. So the
 * sockets of a tenant join names that begin with its id. They hold wherever Socket.IO carries names: its adapters for several servers, and the recovery of connections.
 */
import type { Tenant } from '../../types.ts'

/**
 * The full name of a room of a tenant; without `room` that of the room in which all of its sockets are. `undefined` stands for the shared side.
 * For code outside of the tenant's scope, such as a job: inside of it, `io.to('room-1')` means this room.
 * @example io.to(tenantRoom(tenant, 'room-1')).emit('news', text)
 */
export function tenantRoom(tenant: Pick<Tenant<any>, 'id'> | undefined, room?: string): string {
  const base = baseOf(tenant?.id)
  return room === undefined ? base : withBase(base, room)
}

export function baseOf(tenantId: string | undefined): string {
  return tenantId === undefined ? 'shared' : `tenant:${tenantId}`
}

/** A name that has the base already stays. */
export function withBase(base: string, room: string): string {
  return room === base || room.startsWith(`${base}:`) ? room : `${base}:${room}`
}

export function withBases(base: string, rooms: string | readonly string[]): string[] {
  return [rooms].flat().map((room) => withBase(base, room as string))
}
