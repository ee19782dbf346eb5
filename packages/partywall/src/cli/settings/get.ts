/** `partywall settings get`: one setting of a tenant, or a group of them. */
import type { Command } from 'commander'
import { nearest } from '../../nearest.ts'
import { isAtOrBelow } from '../../settings/setting-keys.ts'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { UsageError } from '../terminal/failure.ts'
import { printable } from '../terminal/printable.ts'
import { renderSettings, revealFlag, valueText } from './entries.ts'

export function settingsGet(parent: Command, cli: Cli): void {
  parent
    .command('get')
    .description('print one setting of a tenant, or the group of this name')
    .argument(...tenantArgument)
    .argument('[key]', 'names with a dot between them, such as limits.seats')
    .option(...revealFlag)
    .addHelpText(
      'after',
      examples(['settings get acme limits.seats', 'the value alone'], ['settings get acme smtp', 'all in the group']),
    )
    .action(async (ref: string | undefined, given: string | undefined, { reveal }: { readonly reveal?: boolean }) => {
      const tenancy = await cli.tenancy()
      const tenant = ref ?? (await cli.ask.required(tenantQuestion))
      const key = given ?? (await cli.ask.required({ missing: 'the argument <key>', question: 'Key' }))
      // Without the secrets of other keys: only the one that is asked for is opened.
      const all = await tenancy.settings.list(tenant)
      const found = all.filter((entry) => isAtOrBelow(entry.key, key))
      if (found.length === 0) {
        const close = nearest(
          key,
          all.map((entry) => entry.key),
        )
        throw new UsageError(
          `the tenant has no setting ${JSON.stringify(key.slice(0, 60))}.${close === undefined ? '' : ` Did you mean ${JSON.stringify(close)}?`}`,
        )
      }
      const isRevealed = reveal === true && found.some(({ isSecret }) => isSecret)
      const entries = isRevealed
        ? (await tenancy.settings.list(tenant, { reveal })).filter((entry) => isAtOrBelow(entry.key, key))
        : found
      const [only] = entries
      if (entries.length === 1 && only!.key === key)
        return cli.out.result(only!, () => printable(only!.isSecret && !isRevealed ? '***' : valueText(only!.value)))
      cli.out.result(entries, () => renderSettings(entries))
    })
}
