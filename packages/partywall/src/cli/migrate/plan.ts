/** `partywall migrate --plan`: which migrations would be applied where, printed as SQL with comments. Changes nothing. */
import type { MigrationGroup, PlanOptions } from '../../migrations/run/run.ts'
import type { Cli } from '../context/cli.ts'
import { statusDocument, type StatusDocument } from '../terminal/fleet-documents.ts'
import { listed, printable, shortPath } from '../terminal/printable.ts'
import { isAhead, renderAhead, renderScopes } from './scopes.ts'
import { renderProblems } from './status.ts'

export async function printPlan(cli: Cli, options: PlanOptions): Promise<void> {
  const { migrations } = await cli.tenancy()
  const groups = await migrations.plan(options)
  const statuses = (await migrations.status(options)).map(statusDocument)
  const problems = statuses.filter(({ problem }) => problem !== undefined)
  if (problems.length > 0) cli.fail()
  const ahead = statuses.filter(isAhead)
  cli.out.result({ groups, problems, ...(ahead.length > 0 && { ahead }) }, () => render(groups, statuses))
}

function render(groups: readonly MigrationGroup[], statuses: readonly StatusDocument[]): string {
  const shown = new Set<string>()
  const parts = groups.map((group) => renderGroup(group, shown))
  if (groups.length === 0) parts.push('-- nothing is pending')
  const notes = [...renderAhead(statuses), ...renderProblems(statuses), ...renderScopes(statuses)]
  if (notes.length > 0) parts.push(notes.map((line) => `-- ${line}`).join('\n'))
  return parts.join('\n\n')
}

/** @param shown files whose text was printed above */
function renderGroup({ source, direction, pending, targets }: MigrationGroup, shown: Set<string>): string {
  const what = `${pending.length} ${pending.length === 1 ? 'migration' : 'migrations'}${direction === 'down' ? ' to roll back' : ''}`
  const who = targets.length === 1 ? targets[0]! : `${targets.length} schemas (${listed(targets)})`
  return [
    `-- ${printable(who)}: ${what} of ${printable(shortPath(source))}`,
    ...pending.map(({ name, file, text }) => {
      const title = `\n-- ${name}, ${printable(shortPath(file))}`
      if (text === undefined) return `${title}: code, not SQL`
      if (shown.has(file)) return `${title}: as above`
      shown.add(file)
      return `${title}\n${text.trim().split('\n').map(printableLine).join('\n')}`
    }),
  ].join('\n')
}

function printableLine(line: string): string {
  return line.split('\t').map(printable).join('\t')
}
