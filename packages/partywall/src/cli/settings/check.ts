/** `partywall settings check`: whether the settings of all tenants fit the schema, before a new version of it is deployed. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { countFrom, examples, repeated } from '../context/declarations.ts'
import { describeFailure } from '../terminal/failure.ts'
import { reportDocument, summary } from '../terminal/fleet-documents.ts'
import { printable } from '../terminal/printable.ts'

interface Flags {
  readonly tenant?: readonly string[]
  readonly concurrency?: number
}

export function settingsCheck(parent: Command, cli: Cli): void {
  parent
    .command('check')
    .allowExcessArguments(false)
    .description('read the settings of all tenants: do they fit the schema, and can their secrets be opened?')
    .option('--tenant <tenant>', 'only of this tenant, by schema, id or domain; may be repeated (default: all)', repeated)
    .option('--concurrency <n>', 'how many tenants at a time (default: 4)', countFrom(1))
    .addHelpText('after', examples(['settings check', 'before a deploy that changes settings.schema']))
    .action(async ({ tenant, concurrency }: Flags) => {
      const tenancy = await cli.tenancy()
      const report = await tenancy.settings.check({ tenants: tenant ?? true, concurrency })
      if (!report.ok) {
        cli.fail()
        for (const { target, error } of report.entries)
          if (error !== undefined) cli.out.say(`${printable(target)}: ${describeFailure(error)}`)
      }
      cli.out.result(
        reportDocument(report, () => ({})),
        () => summary(report, 'tenants have settings that can be read'),
      )
    })
}
