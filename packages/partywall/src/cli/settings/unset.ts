/** `partywall settings unset`: takes values of a tenant back. */
import type { Command } from 'commander'
import { isAtOrBelow } from '../../settings/setting-keys.ts'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument } from '../context/declarations.ts'
import { UsageError } from '../terminal/failure.ts'
import { renderSettings } from './entries.ts'

export function settingsUnset(parent: Command, cli: Cli): void {
  parent
    .command('unset')
    .description('take settings of a tenant back, so that those of its kind or the defaults hold again')
    .argument(...tenantArgument)
    .argument('[keys...]', 'keys such as limits.seats, or groups such as smtp')
    .addHelpText('after', examples(['settings unset acme smtp', 'all in the group']))
    .action(async (ref: string | undefined, keys: readonly string[]) => {
      const tenancy = await cli.tenancy()
      if (ref === undefined) throw new UsageError('missing the argument <tenant>', 'MISSING_ANSWER')
      if (keys.length === 0) throw new UsageError('missing the argument <keys>', 'MISSING_ANSWER')
      await tenancy.settings.unset(ref, keys)
      const entries = (await tenancy.settings.list(ref)).filter((entry) => keys.some((key) => isAtOrBelow(entry.key, key)))
      if (entries.length === 0) cli.out.say('None of them has a value now.')
      cli.out.result(entries, () => (entries.length === 0 ? '' : renderSettings(entries)))
    })
}
