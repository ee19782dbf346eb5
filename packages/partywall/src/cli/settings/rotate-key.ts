/** `partywall settings rotate-key`: encrypts the secrets of tenants under the first key of the config. */
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

export function settingsRotateKey(parent: Command, cli: Cli): void {
  parent
    .command('rotate-key')
    .allowExcessArguments(false)
    .description('encrypt the secrets in the settings of tenants under the first key of settings.key')
    .option('--tenant <tenant>', 'only of this tenant, by schema, id or domain; may be repeated (default: all)', repeated)
    .option('--concurrency <n>', 'how many tenants at a time (default: 4)', countFrom(1))
    .addHelpText(
      'after',
      examples(['settings rotate-key', 'after a new key was put first in settings.key; call it again after a failure']),
    )
    .action(async ({ tenant, concurrency }: Flags) => {
      const tenancy = await cli.tenancy()
      const report = await tenancy.settings.rotateKey({ tenants: tenant ?? true, concurrency })
      if (!report.ok) {
        cli.fail()
        for (const { target, error } of report.entries)
          if (error !== undefined) cli.out.say(`${printable(target)}: ${describeFailure(error)}`)
      }
      const document = reportDocument(report, ({ value }) => ({ secrets: value?.secrets ?? 0 }))
      cli.out.result(document, () =>
        report.entries.length === 0
          ? 'every secret is encrypted under the first key'
          : summary(report, 'tenants have their secrets under the first key'),
      )
    })
}
