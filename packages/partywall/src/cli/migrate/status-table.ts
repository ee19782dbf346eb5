/** How many schemas stand where: a line for each last migration, with some of their names; below, those that have a problem. */
import type { StatusDocument } from '../terminal/fleet-documents.ts'
import { listed } from '../terminal/listed.ts'
import { shortPath } from '../terminal/short-path.ts'
import { printable, table, type Cell } from '../terminal/table.ts'

const namesShown = 5
const problemsShown = 20

export function renderStatuses(statuses: readonly StatusDocument[]): string {
  if (statuses.length === 0) return 'no schemas'
  const sound = statuses.filter(({ problem }) => problem === undefined)
  const heads = Object.values(
    Object.groupBy(sound, ({ source, head, applied, pending }) => JSON.stringify([source, head, applied, pending])),
  ) as StatusDocument[][]
  const sources = [...new Set(sound.map(({ source }) => source))]
  const place = ([first]: StatusDocument[]): number => sources.indexOf(first!.source)
  const rows = heads.toSorted((a, b) => place(a) - place(b) || b[0]!.applied - a[0]!.applied).map(rowOf)
  return [
    ...(rows.length > 0 ? [table(['source', 'head', 'applied', 'pending', 'schemas', 'which'], rows)] : []),
    ...renderProblems(statuses),
  ].join('\n')
}

/** The lines that name the schemas with a problem; none when there are none. */
export function renderProblems(statuses: readonly StatusDocument[]): string[] {
  const broken = statuses.filter(({ problem }) => problem !== undefined)
  if (broken.length === 0) return []
  const more = broken.length - problemsShown
  return [
    broken.length === 1 ? '1 cannot be migrated as it stands:' : `${broken.length} cannot be migrated as they stand:`,
    ...broken
      .slice(0, problemsShown)
      .map(({ target, problem }) => `  ${printable(target)}: ${problem!.code}: ${printable(problem!.message)}`),
    ...(more > 0 ? [`  and ${more} more; --json names all`] : []),
  ]
}

function rowOf(schemas: readonly StatusDocument[]): Cell[] {
  const { source = '', head, applied, pending } = schemas[0]!
  const names = schemas.map(({ target }) => target)
  return [shortPath(source), head ?? 'none', applied, listed(pending, 3) || '-', schemas.length, listed(names, namesShown)]
}
