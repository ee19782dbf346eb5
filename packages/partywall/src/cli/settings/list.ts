/** `partywall settings list`: the settings of a tenant, and where each comes from. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { renderSettings, revealFlag } from './entries.ts'

interface Flags {
  readonly own?: boolean
  readonly reveal?: boolean
}

export function settingsList(parent: Command, cli: Cli): void {
  parent
    .command('list')
    .description('list the settings of a tenant, and whether each is of the tenant, its kind, or a default')
    .argument(...tenantArgument)
    .option('--own', 'only those that the tenant has of its own (default: all)')
    .option(...revealFlag)
    .addHelpText(
      'after',
      examples(['settings list acme', 'with *** in place of secrets'], ['settings list acme --own', 'what was set']),
    )
    .action(async (ref: string | undefined, { own, reveal }: Flags) => {
      const tenancy = await cli.tenancy()
      const all = await tenancy.settings.list(ref ?? (await cli.ask.required(tenantQuestion)), { reveal })
      const entries = own === true ? all.filter(({ from }) => from === 'tenant') : all
      if (entries.length === 0) cli.out.say('There are no settings.')
      cli.out.result(entries, () => (entries.length === 0 ? '' : renderSettings(entries)))
    })
}
