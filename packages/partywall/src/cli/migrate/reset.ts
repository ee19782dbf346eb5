/** `partywall migrate reset`: empties the schemas of tenants that may lose their data, and applies all migrations there. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples, repeated } from '../context/declarations.ts'
import { UsageError } from '../terminal/failure.ts'
import { listed } from '../terminal/printable.ts'
import { refuseFlagsBefore } from './flags.ts'
import { resetRun } from './other-run.ts'
import { runOther } from './run.ts'

interface Flags {
  readonly tenant?: readonly string[]
  readonly yes?: boolean
  readonly force?: boolean
}

export function migrateReset(parent: Command, cli: Cli): void {
  parent
    .command('reset')
    .allowExcessArguments(false)
    .description('drop all that is in the schema of a tenant, its data included, and apply all migrations')
    .option('--tenant <tenant>', 'this tenant, by schema, id or domain; may be repeated (required)', repeated)
    .option('--yes', 'do not ask; required where there is no terminal')
    .option('--force', 'also with NODE_ENV=production, where it is refused')
    .addHelpText(
      'after',
      examples(
        ['migrate reset --tenant acme', 'asks first'],
        ['migrate reset --tenant acme --tenant bolt --yes', 'for a script'],
      ),
    )
    .action(async ({ tenant, yes, force }: Flags, self: Command) => {
      refuseFlagsBefore(self)
      if (tenant === undefined)
        throw new UsageError('missing --tenant <tenant>: name each tenant that loses its data', 'MISSING_ANSWER')
      const { migrations } = await cli.tenancy()
      if (process.env['NODE_ENV'] === 'production' && force !== true) {
        throw new UsageError(
          '`migrate reset` drops data, so it is refused with NODE_ENV=production. If that is right, add --force',
        )
      }
      if (yes !== true) {
        // A tenant that does not exist, or a file that is not well-formed, is refused before the question.
        const names = (await migrations.status({ tenants: tenant })).map(({ target }) => target)
        await confirm(cli, `Drop everything in ${listed(names)}, its data included, and apply all migrations?`)
      }
      await runOther(cli, resetRun({ tenants: tenant }))
    })
}

/** @throws UsageError MISSING_ANSWER where there is no terminal, or the answer is no */
async function confirm(cli: Cli, question: string): Promise<void> {
  const answer = await cli.ask.choice({ missing: '--yes', question }, ['no', 'yes'])
  if (answer === 'yes') return
  throw new UsageError(cli.ask.canAsk ? 'the answer was no, so nothing was changed' : 'missing --yes', 'MISSING_ANSWER')
}
