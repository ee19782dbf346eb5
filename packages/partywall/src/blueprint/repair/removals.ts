/**
 * What must be dropped, and what must be dropped before it because it needs it: a view that reads a table, a function whose result has a type. The latter
 * is made again afterwards. A table is never dropped for that reason.
 */
import type { Blueprint, Relation } from '../blueprint.ts'
import { ownName } from '../render/sql-names.ts'
import { needKeysOf, type Found, type Objects } from './objects.ts'

export class Removals {
  readonly #objects: readonly Found[]
  readonly #byNeed: ReadonlyMap<string, Found>
  readonly #dependents: ReadonlyMap<string, readonly string[]>
  readonly #gone = new Set<Found>()
  readonly #tooMuch: ReadonlySet<Found>

  /** @param tooMuch objects that are dropped anyway, also tables */
  constructor({ creation }: Blueprint, objects: Objects, tooMuch: readonly Found[]) {
    this.#tooMuch = new Set(tooMuch)
    this.#objects = [...objects.values()].filter((found) => found !== undefined)
    // A part of a table comes after it, and takes its own keys.
    this.#byNeed = new Map(this.#objects.flatMap((found) => needKeysOf(found).map((key) => [key, found] as const)))
    const dependents = new Map<string, string[]>()
    for (const { object, needs } of creation.needs) dependents.set(needs, [...(dependents.get(needs) ?? []), object])
    this.#dependents = dependents
  }

  /** Without what goes with its table or view. */
  get gone(): readonly Found[] {
    return [...this.#gone].filter((found) => !this.#goesWithRelation(found))
  }

  /** Whether an object is dropped, alone or with its table or view. */
  has(found: Found): boolean {
    return this.#gone.has(found) || this.#goesWithRelation(found)
  }

  hasRelation(name: string): boolean {
    return [...this.#gone].some((found) => found.is === 'relation' && found.relation.name === name)
  }

  /** False, and nothing is dropped, where a table needs the object. */
  remove(found: Found): boolean {
    return this.#keep([found])
  }

  /** What keeps PostgreSQL from changing the type of a column. */
  removeReaders({ relation, column }: Extract<Found, { is: 'column' }>): boolean {
    const isGeneratedFromIt = relation.columns.some((other) => other.generated !== null && mentions(other.default, column.name))
    if (isGeneratedFromIt) return false
    const readers = this.#dependentsOf({ is: 'relation', relation }).filter(
      (found) => found.is === 'routine' || (found.is === 'relation' && isView(found.relation)),
    )
    const hanging = this.#objects.filter(
      (found) =>
        ['trigger', 'rule', 'policy'].includes(found.is) && mentions(textOf(found), column.name) && onOrOf(found, relation),
    )
    return this.#keep([...readers, ...hanging])
  }

  #keep(roots: readonly Found[]): boolean {
    const added = new Set<Found>()
    if (!roots.every((root) => this.#collect(root, added))) return false
    for (const found of added) this.#gone.add(found)
    return true
  }

  #collect(found: Found, added: Set<Found>): boolean {
    if (this.has(found) || added.has(found)) return true
    added.add(found)
    return this.#dependentsOf(found).every((dependent) => {
      if (this.has(dependent) || isPartOf(dependent, added) || follows(dependent, found)) return true
      return (mayBeMadeAgain(dependent) || this.#tooMuch.has(dependent)) && this.#collect(dependent, added)
    })
  }

  #dependentsOf(found: Found): readonly Found[] {
    const ofCatalog = needKeysOf(found)
      .flatMap((key) => this.#dependents.get(key) ?? [])
      .flatMap((key) => this.#byNeed.get(key) ?? [])
    const name = nameIn(found)
    const hanging = this.#objects.filter(
      (one) => name !== undefined && ['trigger', 'rule', 'policy'].includes(one.is) && mentions(textOf(one), name),
    )
    return [...new Set([...ofCatalog, ...hanging])].filter((one) => one !== found && !isPartOf(one, new Set([found])))
  }

  #goesWithRelation(found: Found): boolean {
    return 'relation' in found && found.is !== 'relation' && this.hasRelation(found.relation.name)
  }
}

function isPartOf(found: Found, of: ReadonlySet<Found>): boolean {
  if (!('relation' in found) || found.is === 'relation') return false
  return [...of].some((one) => one.is === 'relation' && one.relation === found.relation)
}

/** Sequences, partitions and children are freed from a table before it is dropped; what they have from it goes with it. */
function follows(dependent: Found, found: Found): boolean {
  switch (dependent.is) {
    case 'sequence':
      return true
    case 'relation':
      return found.is === 'relation' && dependent.relation.parents.some((parent) => ownName(parent) === found.relation.name)
    case 'constraint':
      return !dependent.constraint.local
    case 'index':
      return dependent.index.parent !== null
    default:
      return false
  }
}

function mayBeMadeAgain(found: Found): boolean {
  if (found.is === 'relation') return isView(found.relation)
  return found.is !== 'default' || found.column.generated === null
}

export function isView({ kind }: Relation): boolean {
  return kind === 'view' || kind === 'materialized view'
}

/** The catalog tells nothing of what triggers, rules and policies need, but their text does. In doubt they are made again. */
function nameIn(found: Found): string | undefined {
  switch (found.is) {
    case 'routine':
      return found.routine.name.slice(0, found.routine.name.indexOf('('))
    case 'type':
      return found.type.name
    case 'collation':
      return found.collation.name
    case 'relation':
      return isView(found.relation) ? found.relation.name : undefined
    default:
      return undefined
  }
}

function textOf(found: Found): string {
  switch (found.is) {
    case 'trigger':
      return found.trigger.definition
    case 'rule':
      return found.rule.definition
    case 'policy':
      return `${found.policy.using ?? ''} ${found.policy.check ?? ''}`
    default:
      return ''
  }
}

function mentions(text: string | null, name: string): boolean {
  const words = text?.match(/"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*/gu) ?? []
  return words.some((word) => word === name || word === `"${name.replaceAll('"', '""')}"`)
}

/** Also on another table, whose policy or rule reads this one. */
function onOrOf(found: Found, relation: Relation): boolean {
  if (!('relation' in found)) return false
  return found.relation === relation || mentions(textOf(found), relation.name)
}
