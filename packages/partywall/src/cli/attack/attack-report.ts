/** The report of attacks for people: what is broken first, then what the boundary does not promise, then how many were held. */
import { broken, type AttackEntry, type AttackReport } from '../../attack/report.ts'
import { listed, printable } from '../terminal/printable.ts'
import { table } from '../terminal/table.ts'

/** @param showsHeld also lists the attacks that were held */
export function renderAttacks(report: AttackReport, showsHeld: boolean): string {
  const { attacks } = report
  const wrong = broken(report)
  const open = attacks.filter(({ promised, state }) => !promised && state === 'not held')
  const untried = attacks.filter(({ state }) => state === 'not tried' || state === 'not run')
  const held = attacks.filter(({ state }) => state === 'held')
  return [
    section(`NOT HELD, although ${boundaryOf(report)} promises it`, wrong, ['attack', 'reached', 'id'], ({ title, seen, id }) => [
      title,
      seen,
      id,
    ]),
    section('Not held, and not promised', open, ['attack', 'what would hold'], ({ title, wouldHold }) => [title, wouldHold]),
    section('Not tried', untried, ['attack', 'why'], ({ title, reason }) => [title, reason]),
    showsHeld ? section('Held', held, ['attack', 'by'], ({ title, by }) => [title, by]) : '',
    verdict(report, wrong.length, held.length, open.length, untried.length),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function section(
  title: string,
  entries: readonly AttackEntry[],
  header: readonly string[],
  row: (entry: AttackEntry) => readonly (string | undefined)[],
): string {
  return entries.length === 0 ? '' : `${title}:\n${table(header, entries.map(row))}`
}

function verdict(report: AttackReport, wrong: number, held: number, open: number, untried: number): string {
  const { attacks, durationMs, boundary, revoked, aborted } = report
  const promised = attacks.filter((entry) => entry.promised)
  const notShown = promised.filter(({ state }) => state === 'not tried' || state === 'not run').length
  const lines = [
    aborted === true ? `Aborted after ${attacks.length} attacks.` : '',
    `${attacks.length} attacks in ${(durationMs / 1000).toFixed(1)} s: ${held} held, ${open + wrong} not held, ${untried} not tried.`,
    wrong === 0
      ? `Of the ${promised.length} that ${boundaryOf(report)} promises to hold, none succeeded${notShown === 0 ? '' : `, and ${notShown} could not be tried`}.`
      : `${wrong} of the ${promised.length} that ${boundaryOf(report)} promises to hold succeeded.`,
    (boundary === 'role' || boundary === 'role strict') && !revoked
      ? 'Every role may call set_config here, so a single statement can leave its role: see docs/attack.md#revoke-set_config.'
      : '',
    ...untriedBoundaries(report),
  ]
  return lines.filter((line) => line !== '').join('\n')
}

/** Nothing is known about these, so the reader is told. */
function untriedBoundaries({ kind, otherBoundaries: { kinds, tenants } }: AttackReport): string[] {
  if (kinds.length + tenants.length === 0) return []
  return [
    `The attacks were carried out between tenants of the kind ${printable(kind)}.`,
    ...(kinds.length > 0
      ? [
          `Other kinds have another boundary, which was not tried: ${listed(kinds)}. Run: npx partywall attack --kind ${printable(kinds[0]!)}`,
        ]
      : []),
    ...(tenants.length > 0
      ? [`Tenants of the option "boundary.tenants" have another boundary, which was not tried: ${listed(tenants)}.`]
      : []),
  ]
}

function boundaryOf({ boundary }: AttackReport): string {
  return boundary === 'role strict' ? "the boundary 'role' with strict" : `the boundary '${boundary}'`
}
