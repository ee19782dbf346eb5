/** `partywall migrate try`: whether the migrations of the config work as tenants, in databases of its own. Changes nothing else. */
import { Option, type Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples, kindFlag } from '../context/declarations.ts'
import { assertKindsInConfig } from '../context/kinds.ts'
import { refuseFlagsBefore } from './flags.ts'
import { renderTrial } from './try-report.ts'

interface Flags {
  readonly url?: string
  readonly embedded?: boolean
  readonly kind?: readonly string[]
}

export function migrateTry(parent: Command, cli: Cli): void {
  parent
    .command('try')
    .allowExcessArguments(false)
    .description('try the migrations of the config as tenants, in databases of its own, and say what to set right')
    .addOption(kindFlag())
    .addOption(
      new Option('--url <url>', 'the server for the databases (default: the server of the config)').conflicts('embedded'),
    )
    .option('--embedded', 'use the embedded PostgreSQL')
    .addHelpText(
      'after',
      examples(
        ['migrate try', 'on the server of the config; the role must be allowed to create databases'],
        ['migrate try --embedded', 'on the embedded PostgreSQL'],
        ['migrate try --verbose', 'name each line that was changed, and each that cannot be known'],
      ) + '\n\nThe exit code is 1 when something was refused, failed, or came out otherwise.',
    )
    .action(async ({ url, embedded, kind }: Flags, command: Command) => {
      refuseFlagsBefore(command)
      const tenancy = await cli.tenancy()
      if (kind !== undefined) assertKindsInConfig(tenancy, kind)
      const { stickyLine } = cli.out
      const abort = new AbortController()
      const trial = tenancy.migrations.try({
        server: url,
        embedded,
        kinds: kind,
        signal: abort.signal,
        onStage: (stage) => stickyLine?.show(() => `${stage} …`),
      })
      cli.whenInterrupted(async () => {
        abort.abort()
        await trial.catch(() => {})
      })
      const report = await trial.finally(() => stickyLine?.hide())
      if (!report.ok) cli.fail()
      cli.out.result(report, () => renderTrial(report, cli.flags.verbose === true))
    })
}
