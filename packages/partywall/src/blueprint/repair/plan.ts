/** What becomes of each difference: what is dropped, what is created, and what is changed in place. */
import { identifier } from '../../names/identifier.ts'
import type { BlueprintDifference } from '../blueprint-difference.ts'
import type { Blueprint, Sequence } from '../blueprint.ts'
import { kindOfConstraint } from '../render/constraints.ts'
import type { Rendering } from '../render/rendered-schema.ts'
import { keyOf as needKey, partsOfName } from '../render/sql-names.ts'
import { relationsByName, rightsOfNew } from '../render/units-of.ts'
import type { Change } from './change.ts'
import { changeBack } from './changed.ts'
import { leaveParents } from './changed-relation.ts'
import { replaceRoutine } from './changed-routine.ts'
import { createPart } from './create-part.ts'
import type { Creating } from './creating.ts'
import { createWhole, isWhole } from './create.ts'
import { Doubts } from './doubts.ts'
import { keyOf, objectsOf, type Found, type Objects } from './objects.ts'
import { changedPrivileges } from './privileges.ts'
import { Removals } from './removals.ts'
import { decided, type Statement } from './repair.ts'
import { withDecision, type Step } from './step.ts'

export interface PlannedStep extends Step {
  readonly object: string
}

export interface Planned {
  readonly object: string
  readonly statement: Statement
}

/** The object that is changed, as it is. Undefined where it is created. */
interface Of {
  readonly of: Found | undefined
}

interface Around {
  readonly schema: string
  /** Keys of objects that are made in two steps. */
  readonly split: ReadonlySet<string>
}

export class Plan {
  /** What must be parted before anything is dropped. */
  readonly freeing: Planned[] = []
  readonly removals: Removals
  readonly #steps: (PlannedStep & Of)[] = []
  readonly #byHand: ({ readonly object: string } & Of)[] = []
  readonly #freed = new Set<string>()
  readonly #late: Found[] = []
  readonly #expected: Objects
  readonly #actual: Objects
  readonly #names: ReadonlyMap<Found, string>
  readonly #creating: Creating
  readonly #schema: string
  readonly #doubts: Doubts

  constructor(expected: Blueprint, actual: Blueprint, differences: readonly BlueprintDifference[], { schema, split }: Around) {
    this.#schema = schema
    this.#expected = objectsOf(expected)
    this.#actual = objectsOf(actual)
    this.#names = new Map([...this.#actual].flatMap(([name, found]) => (found === undefined ? [] : [[found, name] as const])))
    const extra = differences.filter(({ change }) => change === 'extra')
    this.removals = new Removals(
      actual,
      this.#actual,
      extra.flatMap((one) => this.#actual.get(keyOf(one)) ?? []),
    )
    this.#doubts = new Doubts(differences)
    const missing = new Set(differences.filter(({ change }) => change === 'missing').map(keyOf))
    this.#creating = {
      expected,
      rendering: renderingOf(expected, schema, split),
      isMissing: (kind, name) => missing.has(keyOf({ kind, name })),
    }
    for (const difference of extra) this.#drop(difference)
    for (const difference of differences) if (difference.change === 'missing') this.#create(difference)
    for (const difference of differences) if (difference.change === 'changed') this.#change(difference)
    this.#createAgain()
    this.#freeSequences(actual)
  }

  get steps(): readonly PlannedStep[] {
    return this.#steps.filter((one) => !this.#isMadeAgain(one))
  }

  /** Dropped at last: earlier, a default or a column may need it. */
  get late(): readonly Found[] {
    const isLost = (found: Found) => this.removals.has(found) || (found.is === 'sequence' && this.#losesOwner(found.sequence))
    return this.#late.filter((found) => !isLost(found))
  }

  /** Objects with a difference that PostgreSQL has no statement for. */
  get byHand(): readonly string[] {
    return this.#byHand.filter((one) => !this.#isMadeAgain(one)).map(({ object }) => object)
  }

  /** Whether the table of an object leaves what it is part of. */
  isFreed(found: Found): boolean {
    return 'relation' in found && this.#freed.has(found.relation.name)
  }

  /** What keeps tables that refer to each other from being dropped. */
  get foreignKeys(): readonly Found[] {
    return [...this.#names.keys()].filter(
      (found) => isForeignKey(found) && this.removals.has(found) && !this.removals.gone.includes(found),
    )
  }

  /** As a difference names it. */
  nameOf(found: Found): string {
    return this.#names.get(found)!
  }

  #drop(difference: BlueprintDifference): void {
    const object = keyOf(difference)
    const found = this.#actual.get(object)
    if (found?.is === 'default privileges') {
      this.#add(object, undefined, changedPrivileges(found, { expected: [], actual: found.privileges }, this.#schema))
    } else if (found === undefined) this.#add(object, undefined, undefined)
    else if (this.#mayWait(found)) this.#late.push(found)
    else if (!this.removals.remove(found)) this.#add(object, found, undefined)
  }

  /** Until nothing needs it, unless something of its name is created before.  */
  #mayWait(found: Found): boolean {
    const name = nameInSchema(found)
    if (name === undefined || found.is === 'relation') return false
    return ![...this.#expected.values()].some((one) => one !== undefined && nameInSchema(one) === name)
  }

  #create(difference: BlueprintDifference): void {
    const object = keyOf(difference)
    const found = this.#expected.get(object)
    if (found?.is === 'default privileges') {
      const steps = changedPrivileges(found, { expected: found.privileges, actual: [] }, this.#schema)
      this.#add(object, undefined, steps)
      return
    }
    const steps = found && this.#stepsFor(found)
    const isPart = found !== undefined && 'relation' in found && found.is !== 'relation'
    // A view that is made in two steps is another one after the first, and would stay so if the second failed.
    const isInSteps =
      found?.is === 'relation' &&
      found.relation.kind === 'view' &&
      this.#creating.rendering.split.has(needKey('relation', found.relation.name))
    const of = isPart ? this.#relation(found.relation.name) : undefined
    this.#add(object, of, steps && found && (isInSteps || this.#doubts.mayBeElsewhere(found)) ? withDecision(steps) : steps)
  }

  #stepsFor(found: Found): readonly Step[] | undefined {
    if (!isWhole(found)) return createPart(found, this.#creating)
    return createWhole(found, this.#creating)
  }

  #change(difference: BlueprintDifference): void {
    const object = keyOf(difference).trimEnd()
    if (difference.name === '') {
      const isRights = difference.property === 'privileges'
      this.#add(object, undefined, isRights ? changedPrivileges('schema', difference, this.#schema) : undefined)
      return
    }
    const should = this.#expected.get(object)
    // It is named by the kind that is expected.
    const is = this.#actual.get(object) ?? (should && this.#namesake(should, this.#actual))
    if (should === undefined || is === undefined) return this.#add(object, undefined, undefined)
    if (difference.property === 'privileges') {
      this.#add(object, is, changedPrivileges(should, difference, this.#schema))
      return
    }
    this.#changeBack(object, should, is, {
      ...difference,
      is,
      creating: this.#creating,
      losesColumn: 'relation' in is && this.#doubts.hasExtraColumn(is.relation.name),
    })
  }

  #changeBack(object: string, should: Found, is: Found, change: Change): void {
    const outcome = changeBack(should, change)
    if (outcome === 'again') {
      if (this.removals.remove(is)) return
      // A table needs the function, and keeps it: PostgreSQL says whether its body can be replaced.
      this.#add(object, is, should.is === 'routine' ? replaceRoutine(should, change) : undefined)
    } else if (outcome === 'view again') {
      const ofView = 'relation' in is ? this.#relation(is.relation.name) : undefined
      if (ofView === undefined || !this.removals.remove(ofView)) this.#add(object, is, undefined)
    } else {
      const isOfColumn = is.is === 'column' && (change.property === 'type' || change.property === 'collation')
      if (isOfColumn && !this.removals.removeReaders(is)) return this.#add(object, is, undefined)
      if (is.is === 'relation' && ['parents', 'partitionBound'].includes(change.property ?? '')) this.#leaveParents(object, is)
      this.#add(object, is, outcome)
    }
  }

  #relation(name: string): Found | undefined {
    return [...this.#actual.values()].find((found) => found?.is === 'relation' && found.relation.name === name)
  }

  /** An object of another kind with the same name: a table where a view is expected. */
  #namesake(found: Found, among: Objects): Found | undefined {
    const name = nameInSchema(found)
    return [...among.values()].find(
      (one) => one !== undefined && name !== undefined && one.is === found.is && nameInSchema(one) === name,
    )
  }

  #isMadeAgain({ of }: Of): boolean {
    return of !== undefined && this.removals.has(of)
  }

  /** What was dropped, and is expected. */
  #createAgain(): void {
    for (const gone of this.removals.gone) {
      const object = this.nameOf(gone)
      const should = this.#expected.get(object) ?? this.#namesake(gone, this.#expected)
      const steps = should && this.#stepsFor(should)
      if (steps !== undefined) this.#add(object, undefined, withDecision(steps))
    }
  }

  /** A sequence would be dropped with the table or the column that owns it. */
  #freeSequences({ sequences }: Blueprint): void {
    for (const sequence of sequences) {
      const object = keyOf({ kind: 'sequence', name: sequence.name })
      if (!this.#losesOwner(sequence) || sequence.isIdentity || !this.#expected.has(object)) continue
      this.#free(object, [decided(`alter sequence ${identifier(sequence.name)} owned by none`)])
    }
  }

  #losesOwner({ ownedBy }: Sequence): boolean {
    const [table, column] = partsOfName(ownedBy ?? '')
    return this.removals.gone.some(
      (found) =>
        (found.is === 'relation' && found.relation.name === table) ||
        (found.is === 'column' && found.relation.name === table && found.column.name === column),
    )
  }

  #leaveParents(object: string, { relation }: Extract<Found, { is: 'relation' }>): void {
    if (this.#freed.has(relation.name)) return
    this.#freed.add(relation.name)
    this.#free(object, leaveParents(relation))
  }

  #free(object: string, statements: readonly Statement[]): void {
    this.freeing.push(...statements.map((statement) => ({ object, statement })))
  }

  #add(object: string, of: Found | undefined, steps: readonly Step[] | undefined): void {
    if (steps === undefined) this.#byHand.push({ object, of })
    else this.#steps.push(...steps.map((step) => ({ ...step, object, of })))
  }
}

function renderingOf(expected: Blueprint, schema: string, split: ReadonlySet<string>): Rendering {
  return {
    options: { from: schema, to: schema },
    serverMajor: expected.creation.serverMajor,
    defaultPrivileges: rightsOfNew(expected),
    owner: expected.owner,
    split,
    relations: relationsByName(expected),
    onlyRightsOfOthers: true,
  }
}

/** Tables and types have one space of names, functions another. Undefined for what is dropped at once. */
function nameInSchema(found: Found): string | undefined {
  switch (found.is) {
    case 'type':
      return `relation ${found.type.name}`
    case 'sequence':
      return `relation ${found.sequence.name}`
    case 'relation':
      return `relation ${found.relation.name}`
    case 'routine':
      return `routine ${found.routine.signature}`
    case 'collation':
      return `collation ${found.collation.name}`
    case 'text search dictionary':
      return `${found.is} ${found.dictionary.name}`
    case 'text search configuration':
      return `${found.is} ${found.configuration.name}`
    default:
      return undefined
  }
}

function isForeignKey(found: Found): boolean {
  return found.is === 'constraint' && kindOfConstraint(found.constraint.definition) === 'foreign key'
}
