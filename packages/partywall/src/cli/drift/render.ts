/** The report of `drift` for a person. Tenants that have drifted alike are shown once. */
import type { Repair } from '../../blueprint/repair/repair.ts'
import { identifier } from '../../names/identifier.ts'
import type { DriftEntry, DriftReport } from '../../lifecycle/drift/drift-report.ts'
import { listed, printable } from '../terminal/printable.ts'
import { wrapped } from '../terminal/wrap.ts'

export function renderDrift({ tenants }: DriftReport): string {
  const told = tenants.filter(({ state, comparedWith, fixed }) => state !== 'as expected' || comparedWith !== 'files' || fixed)
  const groups = Map.groupBy(told, ({ state, reason, differences, fixed }) =>
    JSON.stringify([state, reason, differences.map(({ sentence }) => sentence), fixed]),
  )
  return [...[...groups.values()].flatMap((alike) => renderAlike(alike)), summaryOf(tenants)].join('\n')
}

function renderAlike(alike: readonly DriftEntry[]): readonly string[] {
  const { target, state, reason, differences, repairs, fixed } = alike[0]!
  return [
    ...wrapped([
      `${listed(alike.map((entry) => entry.target))}: ${state}`,
      ...(reason === undefined ? [] : [`  ${printable(reason)}`]),
      ...(fixed?.done ?? []).map((statement) => `  done: ${printable(statement)}`),
      ...(fixed?.failed ?? []).map((failed) => `  failed: ${printable(failed.statement)}: ${printable(failed.reason)}`),
      ...differences.map(({ sentence }) => `  ${printable(sentence)}`),
    ]),
    ...renderRepairs(target, repairs),
    '',
  ]
}

/** As SQL that can be copied: the search path is the tenant alone, so that no name leads to the shared schema. */
function renderRepairs(schema: string, repairs: readonly Repair[]): readonly string[] {
  const known = repairs.filter(({ statement }) => statement !== null)
  const unknown = [...new Set(repairs.filter(({ statement }) => statement === null).map(({ object }) => object))]
  if (repairs.length === 0) return []
  return [
    ...(known.length === 0
      ? []
      : [
          `  To repair it (--fix does what is marked with +):`,
          `      set search_path = ${identifier(schema)}, pg_catalog, pg_temp;`,
          // The body may need the shared schema, which is not in this path.
          ...(known.some(({ statement }) => createsRoutine.test(statement!)) ? ['      set check_function_bodies = off;'] : []),
        ]),
    ...known.map(({ statement, isAdditive, hazards }) => {
      const warning = hazards.length === 0 ? '' : `  -- ${hazards.join(', ')}`
      return `    ${isAdditive ? '+' : ' '} ${statement!.split('\n').map(printable).join('\n      ')};${warning}`
    }),
    ...(unknown.length === 0 ? [] : wrapped([`  To be repaired by hand: ${listed(unknown)}`])),
  ]
}

const createsRoutine = /^create (?:or replace )?(?:function|procedure) /

function summaryOf(tenants: readonly DriftEntry[]): string {
  const namesOf = (state: DriftEntry['state']): string[] =>
    tenants.filter((entry) => entry.state === state).map(({ target }) => target)
  const [drifted, unknown] = [namesOf('drifted'), namesOf('unknown')]
  return [
    `${namesOf('as expected').length} of ${tenants.length} as expected`,
    ...(drifted.length > 0 ? [`${drifted.length} drifted: ${listed(drifted)}`] : []),
    ...(unknown.length > 0 ? [`${unknown.length} could not be compared: ${listed(unknown)}`] : []),
  ].join('; ')
}
