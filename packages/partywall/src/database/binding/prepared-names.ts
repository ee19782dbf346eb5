/**
 * The names of the caller's prepared statements. A prepared statement holds the plan of one schema, so its name on the wire contains the
 * schema.
 */
import { createHash } from 'node:crypto'
import type { Binding } from './binding.ts'
import type { Carrier } from './carrier.ts'
import type { ConnectionLike } from './pg-internals.ts'

/** PostgreSQL keeps this many bytes of a name. */
const maxNameBytes = 63

/**
 * The name on the wire. Behind a pooler there is none: another session may answer next time that does not have the statement, or has
 * another one of that name.
 */
export function boundName(name: string, binding: Binding, { bindingWriter }: Pick<Carrier, 'bindingWriter'>): string | undefined {
  if (!bindingWriter.isDirect) return undefined
  const full = `${name}/${binding.schema}`
  if (Buffer.byteLength(full) <= maxNameBytes) return full
  return `partywall/${createHash('sha256').update(full).digest('base64url')}`
}

/**
 * A prepared statement that the server may or may not have is prepared again. Returns true when it must be closed first, in the same
 * batch: closing a statement that does not exist is no error.
 */
export function forgetUncertain(connection: ConnectionLike, carrier: Carrier, name: string | undefined): boolean {
  if (!name || !carrier.uncertainNames.delete(name)) return false
  delete connection.parsedStatements[name]
  return true
}
