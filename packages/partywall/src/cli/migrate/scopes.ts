/** The lines about schemas that can be migrated, and need a look: those ahead of the files, and names that both scopes have. */
import type { StatusDocument } from '../terminal/fleet-documents.ts'
import { listed, printable } from '../terminal/printable.ts'

/** The schemas that a newer deploy has migrated; none when there are none. */
export function renderAhead(statuses: readonly StatusDocument[]): string[] {
  const ahead = statuses.filter(isAhead)
  if (ahead.length === 0) return []
  const names = [...new Set(ahead.flatMap((status) => status.ahead))]
  return [
    `${countOf(ahead.length)} ahead of these files: ${listed(ahead.map(({ target }) => target))}. A newer deploy applied ` +
      `${listed(names.map(printable), 3)}; nothing has to be done.`,
  ]
}

export function isAhead({ ahead, problem }: StatusDocument): boolean {
  return ahead.length > 0 && problem === undefined
}

/** Whether queries of the tenant may use, or do use, tables of the shared schema by mistake. */
export function hasScopeFault({ shadowing, fallingThrough }: StatusDocument): boolean {
  return shadowing !== undefined || fallingThrough !== undefined
}

/** One line for each name; none when there are none. */
export function renderScopes(statuses: readonly StatusDocument[]): string[] {
  return [
    ...byName(statuses, ({ shadowing = [] }) => shadowing).map(
      ([name, targets]) =>
        `${printable(name)} is in the shared schema and in ${listed(targets)}: rename one of them, or list the name in migrations.shadowed`,
    ),
    ...byName(statuses, ({ fallingThrough = [] }) => fallingThrough).map(
      ([name, targets]) =>
        `${printable(name)} is missing in ${listed(targets)}, so queries there use that of the shared schema; other tenants with the same migrations have it`,
    ),
  ]
}

function byName(
  statuses: readonly StatusDocument[],
  namesOf: (status: StatusDocument) => readonly string[],
): [string, string[]][] {
  const targets = new Map<string, string[]>()
  for (const status of statuses) {
    for (const name of namesOf(status)) targets.set(name, [...(targets.get(name) ?? []), status.target])
  }
  return [...targets]
}

function countOf(count: number): string {
  return count === 1 ? '1 schema is' : `${count} schemas are`
}
