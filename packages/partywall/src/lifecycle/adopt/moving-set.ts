/**
 * Which objects of a schema move with the chosen tables, and what speaks against it. Pure: it reads what `readFacts` has read.
 *
 * - What belongs to a chosen table moves: its partitions and its extended statistics.
 * - A view, a type, a function or a sequence that only moving objects use, and that uses no table that stays, moves too.
 * - What both sides use stays where it is.
 * - An object that stays and uses one that moves is a finding. With `dependents: 'move'` it moves too.
 */
import type { AdoptFinding } from './finding.ts'
import type { DbObject, Facts, Tree } from './facts.ts'

export interface MovingSet {
  /** In the order of the facts. */
  readonly moving: readonly DbObject[]
  /** What speaks against it, and is not for the caller to accept. */
  readonly refused: readonly AdoptFinding[]
  /** What the caller may accept. */
  readonly warnings: readonly AdoptFinding[]
  /** Foreign keys and views of moving objects that lead to objects that stay. */
  readonly kept: readonly string[]
  /** What both sides use, and stays. */
  readonly staying: readonly string[]
}

export function movingSet(facts: Facts, chosen: ReadonlySet<string>, dependents: 'refuse' | 'move'): MovingSet {
  const index = new Index(facts)
  let moving = index.grow(new Set(chosen))
  if (dependents === 'move') {
    for (;;) {
      const more = index.usersOf(moving).filter((id) => index.mayJoin(id))
      if (more.length === 0) break
      moving = index.grow(new Set([...moving, ...more]))
    }
  }
  const nameOf = (id: string): string => index.describe(id)
  const tied = [
    ...index.linksInto(moving).map(({ used, via }) => tiedTo(via, nameOf(used))),
    ...facts.outside.filter(({ used }) => moving.has(used)).map(({ used, via }) => tiedTo(via, nameOf(used))),
  ]
  const out = facts.links.filter(({ user, used }) => moving.has(user) && !moving.has(used))
  const staying = [...new Set(out.map(({ used }) => used))].map((id) => index.object(id)!)
  return {
    moving: facts.objects.filter(({ id }) => moving.has(id)),
    refused: [
      ...unique(tied),
      ...treesCut(facts.trees, moving),
      ...facts.objects.filter(({ id, mayMove }) => moving.has(id) && !mayMove).map(notOwned),
      ...(dependents === 'move' ? [] : published(facts, moving, nameOf)),
    ],
    warnings: [...pathsIn(facts, moving), ...staying.filter(({ kind }) => kind === 'sequence').map(sharedSequence)],
    kept: [
      ...new Set(
        out
          .filter(({ used, isKey }) => isKey || index.object(used)?.isTable === true)
          .map(({ via, used }) => `${via} to ${nameOf(used)}`),
      ),
    ],
    staying: staying.filter(({ isTable, isMember }) => !isTable && !isMember).map(({ id }) => nameOf(id)),
  }
}

class Index {
  readonly #facts: Facts
  readonly #objects: ReadonlyMap<string, DbObject>
  readonly #uses: ReadonlyMap<string, ReadonlySet<string>>
  readonly #usedBy: ReadonlyMap<string, ReadonlySet<string>>
  readonly #hasOutsideUser: ReadonlySet<string>

  constructor(facts: Facts) {
    this.#facts = facts
    this.#objects = new Map(facts.objects.map((object) => [object.id, object]))
    this.#uses = grouped(facts.links.map(({ user, used }) => [user, used]))
    this.#usedBy = grouped(facts.links.map(({ user, used }) => [used, user]))
    this.#hasOutsideUser = new Set(facts.outside.map(({ used }) => used))
  }

  object(id: string): DbObject | undefined {
    return this.#objects.get(id)
  }

  describe(id: string): string {
    const object = this.#objects.get(id)
    return object === undefined ? 'an object of another schema' : `${object.kind} ${object.identity}`
  }

  /** With partitions, statistics, and what only these use. */
  grow(moving: ReadonlySet<string>): Set<string> {
    const set = new Set(moving)
    for (let size = -1; size !== set.size;) {
      size = set.size
      for (const { child, parent, isPartition } of this.#facts.trees)
        if (isPartition && set.has(parent) && this.#objects.has(child)) set.add(child)
      for (const { id, kind } of this.#facts.objects)
        if (kind === 'statistics object' && [...(this.#uses.get(id) ?? [])].some((used) => set.has(used))) set.add(id)
      for (const id of this.#companions(set)) set.add(id)
    }
    return set
  }

  /** The largest set of objects around these that nothing else uses: some may use each other, so those that are tied to other objects are taken out. */
  #companions(set: ReadonlySet<string>): Set<string> {
    const around = new Set<string>()
    const look = (id: string): void => {
      for (const next of [...(this.#uses.get(id) ?? []), ...(this.#usedBy.get(id) ?? [])]) {
        if (set.has(next) || around.has(next) || !this.mayJoin(next) || this.#objects.get(next)!.isTable) continue
        around.add(next)
        look(next)
      }
    }
    for (const id of set) look(id)
    for (let isChanged = true; isChanged;) {
      isChanged = false
      for (const id of around) {
        const isIn = (other: string): boolean => set.has(other) || around.has(other)
        const usesStaying = [...(this.#uses.get(id) ?? [])].some(
          (used) => !isIn(used) && this.#objects.get(used)?.isTable === true,
        )
        const isUsed = [...(this.#usedBy.get(id) ?? [])].some((user) => !isIn(user))
        if (!usesStaying && !isUsed && !this.#hasOutsideUser.has(id)) continue
        around.delete(id)
        isChanged = true
      }
    }
    return around
  }

  /** Objects of the schema that stay, and use one of these. */
  usersOf(moving: ReadonlySet<string>): string[] {
    return [...new Set(this.linksInto(moving).map(({ user }) => user))]
  }

  linksInto(moving: ReadonlySet<string>): Facts['links'] {
    return this.#facts.links.filter(({ user, used }) => moving.has(used) && !moving.has(user))
  }

  mayJoin(id: string): boolean {
    const object = this.#objects.get(id)
    return object !== undefined && !object.isMember
  }
}

function grouped(pairs: readonly (readonly [string, string])[]): Map<string, Set<string>> {
  const map = new Map<string, Set<string>>()
  for (const [key, value] of pairs) {
    const set = map.get(key)
    if (set === undefined) map.set(key, new Set([value]))
    else set.add(value)
  }
  return map
}

function tiedTo(via: string, used: string): AdoptFinding {
  return { kind: 'tied', object: via, sentence: `${via} stays, and uses ${used}, which moves.` }
}

/** Reading the parent reads the rows of its children, so a tree has one side. */
function treesCut(trees: readonly Tree[], moving: ReadonlySet<string>): AdoptFinding[] {
  return trees
    .filter(({ child, parent }) => moving.has(child) !== moving.has(parent))
    .map(({ child, childName, parentName, isPartition }) => {
      const [mover, stayer] = moving.has(child) ? [childName, parentName] : [parentName, childName]
      return {
        kind: 'tree',
        object: `table ${mover}`,
        sentence: `table ${mover} moves, and ${stayer} stays: ${childName} ${isPartition ? 'is a partition of' : 'inherits from'} ${parentName}, which reads its rows.`,
      }
    })
}

function notOwned({ kind, identity }: DbObject): AdoptFinding {
  return {
    kind: 'owner',
    object: `${kind} ${identity}`,
    sentence: `${kind} ${identity} belongs to another role, and only its owner moves it: alter ${kind} ${identity} owner to …;`,
  }
}

function published(
  { published: tables, publishedWhole, objects }: Facts,
  moving: ReadonlySet<string>,
  nameOf: (id: string) => string,
): AdoptFinding[] {
  const hasTables = objects.some(({ id, isTable }) => isTable && moving.has(id))
  return [
    ...tables
      .filter(({ table }) => moving.has(table))
      .map(({ table, name }) => ({ object: `publication ${name}`, what: nameOf(table) })),
    ...(hasTables ? publishedWhole.map((name) => ({ object: `publication ${name}`, what: 'every table' })) : []),
  ].map(({ object, what }) => ({
    kind: 'published' as const,
    object,
    sentence: `${object} publishes ${what}: its subscribers would look for the table in the new schema, or not get it any more.`,
  }))
}

/** After the move nothing has these names. */
function pathsIn({ schema, objects, names }: Facts, moving: ReadonlySet<string>): AdoptFinding[] {
  const moved = new Set(objects.filter(({ id }) => moving.has(id)).map(({ name }) => name))
  return objects
    .filter(({ id }) => moving.has(id))
    .flatMap(({ id, kind, identity, path }): AdoptFinding[] => {
      const object = `${kind} ${identity}`
      const qualified = [
        ...new Set(
          (names.get(id) ?? []).filter((name) => name.schema === schema && moved.has(name.name)).map(({ name }) => name),
        ),
      ]
      const setsPath =
        path !== null &&
        path
          .slice('search_path='.length)
          .split(',')
          .some((part) => part.trim().replaceAll('"', '') === schema)
      return [
        ...(qualified.length === 0
          ? []
          : [
              {
                kind: 'path' as const,
                object,
                sentence: `The text of ${object} names ${qualified.map((name) => `${schema}.${name}`).join(', ')}, which is not there after the move: write the names without the schema.`,
              },
            ]),
        ...(setsPath
          ? [
              {
                kind: 'path' as const,
                object,
                sentence: `${object} sets its search path to ${schema}, where its tables are not any more: alter ${object} reset search_path;`,
              },
            ]
          : []),
      ]
    })
}

function sharedSequence({ identity }: DbObject): AdoptFinding {
  return {
    kind: 'shared sequence',
    object: `sequence ${identity}`,
    sentence: `sequence ${identity} is used by both sides and stays: under the boundaries "role" and "login" the tenant has no right to count it.`,
  }
}

function unique(findings: readonly AdoptFinding[]): AdoptFinding[] {
  return [...new Map(findings.map((finding) => [finding.sentence, finding])).values()]
}
