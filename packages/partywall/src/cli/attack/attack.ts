/** `partywall attack`: runs every known attack of one tenant on another against the configuration, in throw-away tenants. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { renderAttacks } from './attack-report.ts'

export function attack(parent: Command, cli: Cli): void {
  parent
    .command('attack')
    .allowExcessArguments(false)
    .option('--kind <kind>', 'the kind of the throw-away tenants, whose boundary is tried (default: default)')
    .description('run every known attack of one tenant on another, in throw-away tenants, and say which were held')
    .addHelpText(
      'after',
      examples(
        ['attack', 'what held, and what would hold the rest'],
        ['attack --verbose', 'also each attack that was held'],
        ['attack --kind trial', 'where tenants of this kind have another boundary'],
        ['attack --json', 'for CI'],
      ) + '\n\nThe exit code is 1 when an attack succeeded that the configured boundary promises to hold.',
    )
    .action(async ({ kind }: { readonly kind?: string }) => {
      const tenancy = await cli.tenancy()
      const { stickyLine } = cli.out
      const abort = new AbortController()
      const attacking = tenancy.attack({ kind, signal: abort.signal, onAttack: (title) => stickyLine?.show(() => `${title} …`) })
      cli.whenInterrupted(async () => {
        abort.abort()
        await attacking.catch(() => {})
      })
      const report = await attacking.finally(() => stickyLine?.hide())
      if (!report.ok) cli.fail()
      cli.out.result(report, () => renderAttacks(report, cli.flags.verbose === true))
    })
}
