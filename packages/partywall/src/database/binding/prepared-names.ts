/**
 * The callers' prepared statements on one connection. A prepared statement holds the plan for one tenant, so its name on the wire begins
 * with a tag of the binding, which cannot be guessed. The server keeps each statement until it is closed, with some 25 kB for its plan. So the
 * number is bounded: the statement that was used least recently is closed in the batch of a new one.
 */
import type { Binding } from './binding.ts'
import { keyedHash } from './keyed-hash.ts'
import type { ConnectionLike } from './pg-internals.ts'

/** PostgreSQL keeps this many bytes of a name. */
const maxNameBytes = 63

const tags = new WeakMap<Binding, string>()

/**
 * The name on the wire. Behind a pooler there is none: another session may answer next time that does not have the statement, or has
 * another one of that name.
 */
export function boundName(name: string, binding: Binding, { isDirect }: { readonly isDirect: boolean }): string | undefined {
  if (!isDirect) return undefined
  let tag = tags.get(binding)
  if (tag === undefined) tags.set(binding, (tag = keyedHash(binding.key)))
  const full = `${tag}/${name}`
  return Buffer.byteLength(full) <= maxNameBytes ? full : `${tag}/${keyedHash(name)}`
}

/** Names the statement as its caller did, in an error of node-postgres about the name on the wire. */
export function withCallersName<T>(outcome: T, nameOnWire: string | undefined, name: string): T {
  if (nameOnWire && outcome instanceof Error) outcome.message = outcome.message.replaceAll(nameOnWire, () => name)
  return outcome
}

export class PreparedNames {
  readonly #max: number
  /** The least recently used name comes first. */
  readonly #used = new Set<string>()
  /** Names that the server may or may not have. */
  readonly #uncertain = new Set<string>()

  /** @param max statements that the server keeps for this connection */
  constructor(max: number) {
    this.#max = max
  }

  /**
   * A statement with this name is written next. Closes, as the first of its batch so that no error keeps the server from it, a statement of
   * that name that the server may have, and the oldest one when there are too many. To close one that does not exist is no error.
   */
  use(name: string, connection: ConnectionLike): void {
    if (this.#uncertain.delete(name)) close(name, connection)
    this.#used.delete(name)
    this.#used.add(name)
    if (this.#used.size <= this.#max) return
    const oldest = this.#used.values().next().value!
    this.#used.delete(oldest)
    this.#uncertain.delete(oldest)
    close(oldest, connection)
  }

  /** A statement of this name failed: it may have been prepared before. It is prepared again at its next use. */
  doubt(name: string): void {
    if (this.#used.has(name)) this.#uncertain.add(name)
  }

  /** DISCARD or DEALLOCATE: the server may have none of them any more. */
  doubtAll(): void {
    for (const name of this.#used) this.#uncertain.add(name)
  }
}

function close(name: string, connection: ConnectionLike): void {
  delete connection.parsedStatements[name]
  connection.close({ type: 'S', name })
}
