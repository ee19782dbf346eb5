/** What has to be known before the first query: whether the route is direct, and which types a tenant has. */
import { BoundedMap } from '../../bounded-map.ts'
import type { Binding } from '../../database/binding/binding.ts'
import type { SqlLike } from './sql-like.ts'

/** What is not used for long is learned a second time. */
const mostTenants = 10_000

export class Learning {
  readonly #sql: SqlLike
  #route: Promise<void> | undefined
  readonly #learned = new BoundedMap<string, Promise<unknown>>(mostTenants)

  constructor(sql: SqlLike) {
    this.#sql = sql
  }

  async learn(binding: Binding): Promise<void> {
    await (this.#route ??= this.#learnRoute())
    await this.#learnTypes(binding)
  }

  /**
   * Behind a pooler the session that answers is not the one that was opened, and the next one does not know what was prepared. So nothing
   * is prepared there: postgres.js prepares its COMMIT, too, sends it again when it is not known, and takes the rollback for an answer.
   */
  async #learnRoute(): Promise<void> {
    try {
      const answer = await this.#sql.unsafe('select pg_catalog.pg_backend_pid() as pid')
      if (answer[0].pid !== answer.state.pid) this.#sql.options.prepare = false
    } catch (error) {
      this.#route = undefined
      throw error
    }
  }

  /** postgres.js learns the types of arrays when it connects, and misses those of tenants that are created later. */
  #learnTypes({ key, schema }: Binding): Promise<unknown> | undefined {
    if (!this.#sql.options.fetch_types) return undefined
    let learned = this.#learned.get(key)
    if (learned === undefined) {
      learned = this.#learnTypesOf(schema)
      learned.catch(() => this.#learned.delete(key))
      this.#learned.set(key, learned)
    }
    return learned
  }

  async #learnTypesOf(schema: string): Promise<void> {
    const rows = await this.#sql.unsafe(
      `select list.oid::int8::text as type
       from pg_catalog.pg_type as list
       join pg_catalog.pg_type as element on element.oid = list.typelem and element.typarray = list.oid
       where element.typtype = 'e' and list.typnamespace = (select oid from pg_catalog.pg_namespace where nspname = $1)`,
      [schema],
    )
    const { parsers, serializers } = this.#sql.options
    for (const { type } of rows) {
      parsers[type] = parsers[textArray]
      serializers[type] = serializers[textArray]
    }
  }
}

/** The type text[]. */
const textArray = 1009
