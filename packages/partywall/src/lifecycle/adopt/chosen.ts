/** Which relations of a schema the caller means: names or globs, or all but some. */
import { TenancyError } from '../../errors.ts'
import { historyTable } from '../../migrations/history/history-sql.ts'
import type { DbObject } from './facts.ts'

export interface Choice {
  readonly tables?: readonly string[] | undefined
  readonly allBut?: readonly string[] | undefined
}

/**
 * The ids of the chosen relations. A glob knows `*` and `?`. What belongs to an extension is not chosen, nor the history of the schema's own migrations.
 * @throws TenancyError INVALID_ARGUMENT for a pattern that fits nothing: it may be misspelled
 */
export function chosen(schema: string, objects: readonly DbObject[], { tables, allBut }: Choice): Set<string> {
  const all = objects.filter(({ isRelation, isMember, name }) => isRelation && !isMember && name !== historyTable)
  const patterns = (tables ?? allBut)!
  for (const pattern of patterns) {
    if (!all.some(({ name }) => fits(pattern, name)))
      throw fitsNothing(schema, pattern, tables === undefined ? 'allBut' : 'tables')
  }
  const isNamed = ({ name }: DbObject): boolean => patterns.some((pattern) => fits(pattern, name))
  const found = all.filter((object) => isNamed(object) === (tables !== undefined))
  if (found.length === 0) throw fitsNothing(schema, patterns.join(', '), tables === undefined ? 'allBut' : 'tables')
  return new Set(found.map(({ id }) => id))
}

/** A name that has a star itself is meant as it is. */
export function fits(pattern: string, name: string): boolean {
  if (pattern === name) return true
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 'su').test(name)
}

function fitsNothing(schema: string, pattern: string, option: string): TenancyError {
  return new TenancyError(
    'INVALID_ARGUMENT',
    `"${option}" of tenants.adopt has ${JSON.stringify(pattern.slice(0, 200))}, and no table, view or sequence of the schema ${JSON.stringify(schema)} ` +
      (option === 'tables' ? 'has such a name.' : 'is left, or has such a name.') +
      ' A pattern is a name, or a glob with * and ?.',
    { details: { option } },
  )
}
