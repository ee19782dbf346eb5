/** The names in the shared schema, read once for a run: a change of any other name cannot lead there. */
import type { Queryable } from '../../sql/statement.ts'
import { allNamesSql } from './names-sql.ts'

export class SharedNames {
  readonly #schema: string
  #reading: Promise<void> | undefined
  #names: ReadonlySet<string> | undefined

  constructor(schema: string) {
    this.#schema = schema
  }

  /** False when it is known that the shared schema has nothing of this name. */
  mayHave(name: string): boolean {
    return this.#names?.has(name) !== false
  }

  /** One query, for the first caller. */
  async read(queryable: Queryable): Promise<void> {
    this.#reading ??= this.#read(queryable)
    try {
      await this.#reading
    } catch (error) {
      this.#reading = undefined
      throw error
    }
  }

  async #read(queryable: Queryable): Promise<void> {
    const { rows } = await queryable.query<{ name: string }>(allNamesSql(this.#schema))
    this.#names = new Set(rows.map(({ name }) => name))
  }
}
