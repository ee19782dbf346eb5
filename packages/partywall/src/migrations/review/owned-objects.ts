/**
 * What is in the schema of a tenant at one point of its migrations, as far as their text shows it. The point matters: where the tenant has
 * nothing of a name yet, or not any more, the name leads to the shared schema.
 */
import type { Mention, ObjectClass } from '../statements/mentions.ts'

export type OwnedObject = Pick<Mention, 'class' | 'name'>

export class OwnedObjects {
  readonly #keys: Set<string>

  constructor(objects: Iterable<OwnedObject> = []) {
    this.#keys = new Set([...objects].map(keyOf))
  }

  /** Also true for what PostgreSQL names itself after an owned table: the index of a key, the sequence of a `serial` column. */
  has(object: OwnedObject): boolean {
    if (this.#keys.has(keyOf(object))) return true
    return namedAfterTable.test(object.name) && this.#namedAfterOwned(object.name)
  }

  /** Whether there is an object of this name in any class. */
  hasName(name: string): boolean {
    return this.classOf(name) !== undefined
  }

  /** What has this name. */
  classOf(name: string): ObjectClass | undefined {
    return classes.find((of) => this.has({ class: of, name }))
  }

  /** Adds what a statement has created, and removes what it has dropped. */
  record({ created, dropped }: { readonly created: readonly OwnedObject[]; readonly dropped: readonly OwnedObject[] }): void {
    for (const object of dropped) {
      // Other routines and operators may have the same name.
      if (object.class !== 'routine' && object.class !== 'operator') this.#keys.delete(keyOf(object))
    }
    for (const object of created) this.#keys.add(keyOf(object))
  }

  copy(): OwnedObjects {
    const copy = new OwnedObjects()
    for (const key of this.#keys) copy.#keys.add(key)
    return copy
  }

  #namedAfterOwned(name: string): boolean {
    for (let at = name.indexOf('_'); at !== -1; at = name.indexOf('_', at + 1)) {
      if (this.#keys.has(keyOf({ class: 'relation', name: name.slice(0, at) }))) return true
    }
    return false
  }
}

/** A relation has a type of the same name, and DROP TYPE and `::books` name that one. An index is a relation, too. */
function keyOf({ class: of, name }: OwnedObject): string {
  return `${of === 'type' || of === 'index' ? 'relation' : of} ${name}`
}

const classes: readonly ObjectClass[] = [
  'relation',
  'routine',
  'operator',
  'collation',
  'conversion',
  'statistics',
  'operator class',
  'text search',
]
const namedAfterTable = /_(?:seq|key|pkey|idx|fkey|check|excl|not_null|stat)\d*$/
