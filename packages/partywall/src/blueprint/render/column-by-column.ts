/**
 * A child with columns in an order that CREATE TABLE cannot make: its parents got columns when it had columns of its own. Such a child first
 * inherits from a helper, a table that gets the inherited columns one by one. Then it inherits from its parents, and the helper is dropped.
 */
import { identifier } from '../../names/identifier.ts'
import type { Blueprint, Column, Constraint, Relation } from '../blueprint.ts'

export interface Child {
  readonly relation: Relation
  /** Those that the child has for itself, perhaps besides a parent. */
  readonly ownConstraints: readonly Constraint[]
  /** Those that it has from parents. */
  readonly inheritedConstraints: readonly Constraint[]
  /** A column as the child has it. */
  readonly column: (column: Column) => string
  /** A column as a parent has it: without a default, which each child may have for itself. */
  readonly columnOfParent: (column: Column) => string
  /** CREATE TABLE with these columns and this parent. */
  readonly create: (columns: readonly string[], parent: string) => string
}

/** @param helper a name that no object of the schema has */
export function columnByColumn(child: Child, helper: string): string[] {
  const { relation } = child
  const [name, parent] = [identifier(relation.name), identifier(helper)]
  const firstOwn = relation.columns.findIndex(({ local, inherited }) => local || inherited === 0)
  const end = firstOwn === -1 ? relation.columns.length : firstOwn
  const lastOwn = relation.columns.slice(end).findIndex(({ local }) => !local)
  const next = lastOwn === -1 ? relation.columns.length : end + lastOwn
  // As many as possible are made together: a generated column may use columns behind it.
  const [first, own, rest] = [relation.columns.slice(0, end), relation.columns.slice(end, next), relation.columns.slice(next)]
  return [
    `create table ${parent} (${first.map(child.columnOfParent).join(', ')})`,
    child.create(own.map(child.column), parent),
    ...own
      .filter(({ inherited }) => inherited > 0)
      .map((column) => `alter table ${parent} add column ${child.columnOfParent(column)}`),
    ...rest.flatMap((column) => [
      ...(column.local ? [`alter table only ${name} add column ${child.column(column)}`] : []),
      ...(column.inherited > 0 ? [`alter table ${parent} add column ${child.columnOfParent(column)}`] : []),
    ]),
    ...child.ownConstraints.map((one) => `alter table only ${name} add ${named(one)}`),
    ...child.inheritedConstraints.map((one) => `alter table ${parent} add ${named(one)}`),
    ...relation.parents.map((one) => `alter table only ${name} inherit ${one}`),
    `alter table only ${name} no inherit ${parent}`,
    `drop table ${parent}`,
  ]
}

function named({ name, definition }: Constraint): string {
  return `constraint ${identifier(name)} ${definition}`
}

/** Whether CREATE TABLE … INHERITS gives these columns: those of the parents first, and each as all of its parents have it. */
export function isMadeAtOnce(relation: Relation, parents: readonly Relation[]): boolean {
  // Of a table in another schema the columns are not known.
  if (parents.length < relation.parents.length) return false
  const ofParents = Map.groupBy(
    parents.flatMap(({ columns }) => columns),
    ({ name }) => name,
  )
  return [...ofParents].every(([name, inherited], at) => {
    const column = relation.columns[at]
    if (column?.name !== name) return false
    // CREATE TABLE refuses parents with different defaults, unless the child names one.
    const hasOneDefault =
      (column.local && column.default !== null) || inherited.every((one) => one.default === inherited[0]!.default)
    return hasOneDefault && inherited.every((one) => one.storage === column.storage && one.compression === column.compression)
  })
}

/** A name for the helper. */
export function unusedName({ relations, sequences, types }: Blueprint): string {
  const taken = [...relations, ...relations.flatMap(({ indexes }) => indexes), ...sequences, ...types]
  const used = new Set(taken.map((object) => object.name))
  let name = 'partywall_parent'
  while (used.has(name)) name += '_'
  return name
}
