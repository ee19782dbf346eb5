/** Which constraints are made with their table, and which after its rows. */
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import type { Blueprint, Constraint, Relation } from '../blueprint.ts'
import { namesToTake, takenNameUnits } from './foreign-key-names.ts'
import type { Rendering, Unit } from './rendered-schema.ts'
import { keyOf, ownName } from './sql-names.ts'
import { storageParameters } from './storage-parameters.ts'

type KindOfConstraint = 'check' | 'not null' | 'primary key' | 'unique' | 'exclude' | 'foreign key'

/** PostgreSQL prints the kind first. */
export function kindOfConstraint(definition: string): KindOfConstraint {
  const words = /^(?:CHECK|NOT NULL|PRIMARY KEY|UNIQUE|EXCLUDE|FOREIGN KEY)/.exec(definition)?.[0]
  if (words === undefined) throw new Error(`a constraint of an unknown kind: ${definition.slice(0, 20)}`)
  return words.toLowerCase() as KindOfConstraint
}

/** A check or a NOT NULL that rows must satisfy from the beginning. One that is not valid may have rows that do not. */
export function isWithTable({ definition }: Constraint): boolean {
  return ['check', 'not null'].includes(kindOfConstraint(definition)) && !definition.endsWith(' NOT VALID')
}

export function isKey({ definition }: Constraint): boolean {
  return ['primary key', 'unique', 'exclude'].includes(kindOfConstraint(definition))
}

/** The constraints that come after the rows. Those of partitions come first, so that their names stay when the whole table gets the same. */
export function constraintUnits(blueprint: Blueprint, { relations }: Rendering): Unit[] {
  const units = blueprint.relations.flatMap((relation) => {
    const depth = depthOf(relation, relations)
    const made = relation.constraints.filter((constraint) => !isWithTable(constraint))
    return made.flatMap((constraint) => unitsOf(relation, constraint, relations)).map((unit) => ({ unit, depth }))
  })
  return [
    ...takenNameUnits(blueprint, relations),
    ...units.toSorted((a, b) => b.depth - a.depth).map(({ unit }) => unit),
    ...blueprint.relations.flatMap((relation) => validatedAlone(relation, relations)),
  ]
}

/** A child, and with it its own children, has its rows checked for a constraint that is not valid in its parent. It gets the constraint from there. */
function validatedAlone(relation: Relation, relations: ReadonlyMap<string, Relation>): Unit[] {
  if (relation.partitionBound !== null) return []
  return relation.constraints
    .filter((constraint) => isWithTable(constraint) && !constraint.local)
    .flatMap(({ name }) => {
      const parents = relation.parents.flatMap((parent) => relations.get(ownName(parent) ?? '') ?? [])
      const open = parents.filter(({ constraints }) => constraints.some((one) => one.name === name && !isWithTable(one)))
      if (open.length === 0) return []
      const statements = [`alter table ${identifier(relation.name)} validate constraint ${identifier(name)}`]
      return [{ keys: [], statements, tier: 'state' as const }]
    })
}

function unitsOf(relation: Relation, constraint: Constraint, relations: ReadonlyMap<string, Relation>): Unit[] {
  const table = identifier(relation.name)
  const key = keyOf('constraint', relation.name, constraint.name)
  const add = (only: string, before = '') =>
    `alter table ${only}${table} ${before}add constraint ${identifier(constraint.name)} ${constraint.definition}`
  const states = constraint.alteredTriggers.map((altered) => alteredTriggersOf(relation.name, constraint.name, altered))
  const stateUnits: Unit[] = states.length === 0 ? [] : [{ keys: [], statements: states, tier: 'state' }]
  if (isKey(constraint)) {
    const index = relation.indexes.find(({ name }) => name === constraint.name)
    const space = index?.tablespace ?? null
    const withOptions = withIndexOptions(
      add('only '),
      kindOfConstraint(constraint.definition),
      storageParameters(index?.options ?? []),
      space === null ? '' : ` using index tablespace ${identifier(space)}`,
    )
    return [{ keys: [key, keyOf('index', constraint.name)], statements: [withOptions], tier: 'index' }]
  }
  if (constraint.local) {
    const isTaken = namesToTake(relation, relations.values()).includes(constraint.name)
    const statement = add('', isTaken ? `drop constraint ${identifier(constraint.name)}, ` : '')
    return [{ keys: [key], statements: [statement], tier: 'constraint' }, ...stateUnits]
  }
  const inherited = relation.parents.flatMap((parent) => relations.get(ownName(parent) ?? '')?.constraints ?? [])
  const ofParent = inherited.find(({ name }) => name === constraint.name)
  if (kindOfConstraint(constraint.definition) === 'foreign key' && ofParent === undefined) {
    return [{ keys: [key], statements: [add('')], tier: 'constraint' }, ...stateUnits]
  }
  return stateUnits
}

/**
 * Puts what PostgreSQL does not print between the columns of a key and DEFERRABLE. Of an exclusion it prints the parameters, and what rows
 * it is for stands behind the tablespace.
 */
function withIndexOptions(statement: string, kind: KindOfConstraint, parameters: string, space: string): string {
  const isExclusion = kind === 'exclude'
  const added = (isExclusion || parameters === '' ? '' : ` with (${parameters})`) + space
  const end = isExclusion ? /( WHERE \(.*\))?( DEFERRABLE( INITIALLY DEFERRED)?)?$/s : /( DEFERRABLE( INITIALLY DEFERRED)?)?$/
  const { index } = end.exec(statement)!
  return statement.slice(0, index) + added + statement.slice(index)
}

/** The triggers of a foreign key have names that are not known before. Only a superuser may change them. */
export function alteredTriggersOf(table: string, constraint: string, altered: string): string {
  const [, state, on] = /^(enabled|disabled|replica|always) on (.*)$/s.exec(altered)!
  const verb = { enabled: 'enable', disabled: 'disable', replica: 'enable replica', always: 'enable always' }[state!]!
  return `do ${literal(`
    declare
      internal pg_catalog.name;
    begin
      for internal in
        select enforcing.tgname
        from pg_catalog.pg_trigger as enforcing
        join pg_catalog.pg_constraint as rule on rule.oid = enforcing.tgconstraint
        where rule.conrelid = ${literal(identifier(table))}::pg_catalog.regclass
          and rule.conname = ${literal(constraint)}
          and enforcing.tgrelid = ${literal(on!)}::pg_catalog.regclass
      loop
        execute pg_catalog.format(${literal(`alter table only ${on!.replaceAll('%', '%%')} ${verb} trigger %I`)}, internal);
      end loop;
    end`)}`
}

/** How many tables are above it. */
function depthOf(relation: Relation, relations: ReadonlyMap<string, Relation>): number {
  const parents = relation.parents.flatMap((parent) => relations.get(ownName(parent) ?? '') ?? [])
  return parents.length === 0 ? 0 : 1 + Math.max(...parents.map((parent) => depthOf(parent, relations)))
}
