/** `partywall tenant update`: the name, the external id, the attributes and the expiry of a tenant. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples, repeated, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { UsageError } from '../terminal/failure.ts'
import { parseAttributes } from './attributes.ts'
import { renderMoved } from './moved.ts'
import { expiry, orNull } from '../terminal/times.ts'

interface Flags {
  readonly name?: string
  readonly externalId?: string
  readonly set?: readonly string[]
  readonly unset?: readonly string[]
  readonly expires?: Date | 'never'
}

export function tenantUpdate(parent: Command, cli: Cli): void {
  parent
    .command('update')
    .description('change the name, the external id, the attributes or the expiry of a tenant')
    .argument(...tenantArgument)
    .option('--name <name>', 'the name for people (default: it stays)')
    .option('--external-id <id>', 'its key in another system; empty removes it (default: it stays)')
    .option(
      '--set <key=value>',
      'an attribute; may be repeated; a value that is JSON is read as JSON (default: all stay)',
      repeated,
    )
    .option('--unset <key>', 'removes an attribute; may be repeated (default: none)', repeated)
    .option('--expires <when>', 'when a purge may delete it: 14d, 12h, a date, or never (default: it stays)', expiry)
    .addHelpText(
      'after',
      examples(
        ['tenant update acme --set plan=pro --unset trial', 'the other attributes stay'],
        ['tenant update demo --expires 14d', 'a purge may delete it then'],
      ),
    )
    .action(async (ref: string | undefined, { name, externalId, set, unset, expires }: Flags) => {
      const { tenants } = await cli.tenancy()
      const tenant = ref ?? (await cli.ask.required(tenantQuestion))
      if ([name, externalId, set, unset, expires].every((flag) => flag === undefined)) {
        throw new UsageError('missing a change: --name, --external-id, --set, --unset or --expires', 'MISSING_ANSWER')
      }
      const removed = Object.fromEntries((unset ?? []).map((key) => [key, undefined]))
      const attributes = { ...parseAttributes(set), ...removed }
      const id = externalId === '' ? null : externalId
      const changes = {
        name,
        externalId: id,
        expiresAt: orNull(expires),
        ...(Object.keys(attributes).length > 0 && { attributes }),
      }
      const updated = await tenants.update(tenant, changes)
      cli.out.result(updated, () => [renderMoved(updated), JSON.stringify(updated.attributes)].join('\n'))
    })
}
