/**
 * PostgreSQL 18 and newer report the search path of a session whenever it changes. No statement of a tenant may change it for good: each
 * brings its own path, which ends with its transaction. So a path that differs outside of every transaction is an alarm: code that the
 * text of its statement does not show, a function for example, reaches into the state of the session. Older servers tell nothing.
 */
import type { Tampering } from '../../events.ts'

export class PathTripwire {
  #expected: string | undefined
  #reported: string | undefined
  readonly #preparations = new WeakSet<object>()

  /** A query that is sent before the connection is anybody's: the path that it leaves is the connection's own. */
  expect(query: object): void {
    this.#preparations.add(query)
  }

  /** The report comes just before the server says that it is ready, so whose doing it is still runs. */
  report(path: string, running: unknown): void {
    const isPreparation = typeof running === 'object' && running !== null && this.#preparations.has(running)
    if (isPreparation || this.#expected === undefined) this.#expected = path
    this.#reported = path
  }

  /** What was done to the session, to be asked outside of a transaction. */
  tampering(schema: string): Tampering | undefined {
    const [searchPath, expected] = [this.#reported, this.#expected]
    if (searchPath === undefined || expected === undefined || searchPath === expected) return undefined
    return { searchPath, expected, schema }
  }
}
