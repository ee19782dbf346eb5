/**
 * The names of what is in the schema of a tenant at one point of its migrations. The point matters: where the tenant has nothing of a name
 * yet, or not any more, the name leads to the shared schema.
 */
import type { StatementNames } from './statement-names.ts'

export class OwnedNames {
  readonly #names: Set<string>

  constructor(names: Iterable<string> = []) {
    this.#names = new Set(names)
  }

  /** Also true for the sequence of a `serial` column in an owned table: the statement does not name it. */
  has(name: string): boolean {
    if (this.#names.has(name)) return true
    return name.endsWith('_seq') && [...this.#names].some((table) => name.startsWith(`${table}_`))
  }

  /** Adds what a statement has created, and removes what it has dropped. */
  record({ created, dropped }: Pick<StatementNames, 'created' | 'dropped'>): void {
    for (const name of dropped) this.#names.delete(name)
    for (const name of created) this.#names.add(name)
  }

  copy(): OwnedNames {
    return new OwnedNames(this.#names)
  }
}
