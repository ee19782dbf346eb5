/** What an adoption or a release would do, for people. */
import type { AdoptPlan, PlannedMove } from '../../lifecycle/adopt/adopt-input.ts'
import type { AdoptFinding } from '../../lifecycle/adopt/finding.ts'
import type { ReleasePlan } from '../../lifecycle/adopt/release-plan.ts'
import { printable } from '../terminal/printable.ts'
import { table } from '../terminal/table.ts'

export function renderAdoptPlan(plan: AdoptPlan): string {
  const { schema, from, moves, recorded, pending } = plan
  const last = recorded.at(-1)
  return [
    ...(moves.length === 0
      ? [`${printable(schema)} becomes a tenant as it is`]
      : [`${moves.length} objects move from ${printable(from)} to ${printable(schema)}:`, renderMoves(moves)]),
    ...section('stays, and is used by both sides', plan.staying),
    ...section('references that are kept', plan.kept),
    `${recorded.length} migrations count as applied${last === undefined ? '' : `, the last one is ${printable(last)}`}; ${pending.length} are pending`,
    ...findings(plan),
  ].join('\n')
}

export function renderReleasePlan(plan: ReleasePlan): string {
  const { schema, to, moves } = plan
  return [
    ...(to === null
      ? [`${printable(schema)} stays as it is, and is no tenant any more`]
      : [`${moves.length} objects move from ${printable(schema)} to ${printable(to)}, and the tenant goes:`, renderMoves(moves)]),
    ...findings(plan),
  ].join('\n')
}

function renderMoves(moves: readonly PlannedMove[]): string {
  return table(
    ['kind', 'name', 'rows', 'kB'],
    moves.map(({ kind, name, rows, bytes }) => [kind, name, rows ?? '', bytes === null ? '' : Math.ceil(bytes / 1024)]),
  )
}

function findings({
  refused,
  warnings,
}: {
  readonly refused: readonly AdoptFinding[]
  readonly warnings: readonly AdoptFinding[]
}): string[] {
  return [...section('refused', sentences(refused)), ...section('only with --accept', sentences(warnings))]
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${printable(line)}`)]
}

function sentences(some: readonly AdoptFinding[]): string[] {
  return some.map(({ sentence }) => sentence)
}
