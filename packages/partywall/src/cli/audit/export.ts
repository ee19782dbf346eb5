/** `partywall audit export`: all entries as JSON lines, the oldest first, written as they are read. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { filterFrom, withFilter, type FilterFlags } from './filter.ts'

/** As many lines are written at once. */
const chunk = 500

export function auditExport(parent: Command, cli: Cli): void {
  withFilter(parent.command('export').description('write entries of the audit as JSON lines, the oldest first'))
    .addHelpText('after', examples(['audit export --since 2027-01-01 > audit.jsonl', 'one entry a line']))
    .action(async (flags: FilterFlags) => {
      const tenancy = await cli.tenancy()
      let lines: string[] = []
      for await (const entry of tenancy.audit.each(filterFrom(flags))) {
        lines.push(JSON.stringify(entry))
        if (lines.length < chunk) continue
        await cli.out.lines(lines)
        lines = []
      }
      await cli.out.lines(lines)
    })
}
