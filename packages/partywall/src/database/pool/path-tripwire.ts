/**
 * PostgreSQL 18 and newer report the search path of a session whenever it changes. The path of a binding ends with its transaction, so
 * outside of a transaction the path must be the one that the session began with. A different one is an alarm: code that the text of a
 * statement does not show, such as a function, changes the state of the session. Older servers report nothing.
 */
import type { Tampering } from '../../events.ts'

export class PathTripwire {
  #expected: string | undefined
  #reported: string | undefined
  readonly #preparations = new WeakSet<object>()

  /** A query that prepares the connection before it is checked out: the path that it leaves is the connection's own. */
  expect(query: object): void {
    this.#preparations.add(query)
  }

  /** The server reports the path just before it is ready, so the query that changed it is still the active one. */
  report(path: string, running: unknown): void {
    const isPreparation = typeof running === 'object' && running !== null && this.#preparations.has(running)
    if (isPreparation || this.#expected === undefined) this.#expected = path
    this.#reported = path
  }

  /** How the path differs from the expected one. To be called outside of a transaction. */
  tampering(schema: string): Tampering | undefined {
    const [searchPath, expected] = [this.#reported, this.#expected]
    if (searchPath === undefined || expected === undefined || searchPath === expected) return undefined
    return { searchPath, expected, schema }
  }
}
