/** `partywall audit list`: the newest entries of the audit. */
import type { Command } from 'commander'
import type { AuditEntry } from '../../tenancy-audit.ts'
import type { Cli } from '../context/cli.ts'
import { countFrom, examples } from '../context/declarations.ts'
import { table } from '../terminal/table.ts'
import { filterFrom, withFilter, type FilterFlags } from './filter.ts'

export function auditList(parent: Command, cli: Cli): void {
  withFilter(parent.command('list').description('list entries of the audit, the newest first'))
    .option('--limit <n>', 'only the newest n, at most 1000 (default: 50)', countFrom(1))
    .addHelpText(
      'after',
      examples(
        ['audit list --tenant acme', 'what happened to one tenant'],
        ['audit list --action member --action invitation --since 7d', 'who came and went this week'],
      ),
    )
    .action(async ({ limit = 50, ...flags }: FilterFlags & { readonly limit?: number }) => {
      const tenancy = await cli.tenancy()
      const entries = await tenancy.audit.list({ ...filterFrom(flags), limit })
      if (entries.length === 0) cli.out.say('No entry matches.')
      cli.out.result(entries, () => (entries.length === 0 ? '' : render(entries)))
      if (entries.length === limit) cli.out.say('There may be more entries. `partywall audit export` writes all of them.')
    })
}

function render(entries: readonly AuditEntry[]): string {
  return table(
    ['at', 'actor', 'action', 'object', 'details'],
    entries.map(({ at, actor, action, object, details }) => [
      at.toISOString().slice(0, 19),
      actor,
      action,
      object,
      Object.keys(details).length === 0 ? '' : JSON.stringify(details),
    ]),
  )
}
