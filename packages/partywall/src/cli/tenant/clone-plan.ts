/** What a clone would copy, for people. */
import type { ClonePlan } from '../../lifecycle/clone/clone-plan.ts'
import { printable } from '../terminal/printable.ts'
import { table } from '../terminal/table.ts'

export function renderClonePlan(plan: ClonePlan): string {
  const { source, schema, tables, rows, bytes, indexes, locks } = plan
  return [
    `${printable(schema)} would be a copy of ${printable(source)}: about ${rows} rows, ${Math.ceil(bytes / 1024)} kB, ${indexes} indexes, ${locks} locks`,
    table(
      ['table', 'rows', 'kB', 'indexes', 'copied', 'masked'],
      tables.map((one) => [
        one.name,
        one.rows ?? '',
        Math.ceil(one.bytes / 1024),
        one.indexes,
        one.isCopied ? 'yes' : 'empty',
        one.masked.join(', '),
      ]),
    ),
    ...section('become null, because they refer to rows that are not copied', plan.cut),
    ...section('copied, and may hold secrets', plan.mayHoldSecrets),
    ...section(
      'not copied, because tenants share the table',
      plan.sharedRows.map((shared) => `${shared.rows} rows in ${shared.table}`),
    ),
    ...section('only with --accept, because it may lead to the source', plan.remarks),
    ...section('refused', plan.refused),
  ].join('\n')
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${printable(line)}`)]
}
