/**
 * What is in the schema of a tenant at one point of its migrations, by name. The point matters: a name that is not made yet, or was
 * dropped, leads past the tenant's schema to the shared one.
 */
import type { StatementNames } from './statement-names.ts'

export class OwnedNames {
  readonly #names: Set<string>

  constructor(names: Iterable<string> = []) {
    this.#names = new Set(names)
  }

  /** Also true for the sequence that a `serial` column of an owned table brings unnamed. */
  has(name: string): boolean {
    if (this.#names.has(name)) return true
    return name.endsWith('_seq') && [...this.#names].some((table) => name.startsWith(`${table}_`))
  }

  /** After a statement. */
  learn({ made, dropped }: Pick<StatementNames, 'made' | 'dropped'>): void {
    for (const name of dropped) this.#names.delete(name)
    for (const name of made) this.#names.add(name)
  }

  copy(): OwnedNames {
    return new OwnedNames(this.#names)
  }
}
