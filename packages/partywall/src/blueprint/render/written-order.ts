/** A blueprint has lists in the order of the alphabet, so that equal ones are equal. A copy has them in the order in which they were written. */
import type { Blueprint } from '../blueprint.ts'
import type { WrittenOrder } from '../creation.ts'

export function withWrittenOrder({ relations, routines, creation, ...rest }: Blueprint): Blueprint {
  if (creation.orders.length === 0) return { ...rest, relations, routines, creation }
  const orders = new Map(creation.orders.map(({ object, list, names }) => [`${list} ${object}`, names]))
  const orderOf = (list: WrittenOrder['list'], ...key: readonly string[]) =>
    orders.get(`${list} [${key.map((part) => JSON.stringify(part)).join(', ')}]`)
  const options = (given: readonly string[], ...key: readonly string[]) => inOrder(given, orderOf('options', ...key), nameOf)
  const grantees = (given: readonly string[], ...key: readonly string[]) => inOrder(given, orderOf('grantees', ...key), granteeOf)
  return {
    ...rest,
    creation,
    privileges: grantees(rest.privileges, 'schema'),
    relations: relations.map((relation) => ({
      ...relation,
      options: options(relation.options, 'relation', relation.name),
      privileges: grantees(relation.privileges, 'relation', relation.name),
      indexes: relation.indexes.map((index) => ({ ...index, options: options(index.options, 'index', index.name) })),
    })),
    sequences: rest.sequences.map((sequence) => ({
      ...sequence,
      privileges: grantees(sequence.privileges, 'relation', sequence.name),
    })),
    routines: routines.map((routine) => ({
      ...routine,
      settings: inOrder(routine.settings, orderOf('settings', 'routine', routine.name), nameOf),
      privileges: grantees(routine.privileges, 'routine', routine.name),
    })),
  }
}

function inOrder(
  given: readonly string[],
  names: readonly string[] | undefined,
  nameIn: (one: string) => string,
): readonly string[] {
  return names === undefined ? given : given.toSorted((a, b) => names.indexOf(nameIn(a)) - names.indexOf(nameIn(b)))
}

function nameOf(option: string): string {
  return option.slice(0, option.indexOf('='))
}

/** `SELECT to role app, with grant option` is for `role app`. */
function granteeOf(privilege: string): string {
  return privilege.slice(privilege.indexOf(' to ') + ' to '.length).replace(/, with grant option$/, '')
}
