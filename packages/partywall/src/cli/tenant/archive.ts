/** `partywall tenant archive`: takes a tenant out of service and keeps its data. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { renderMoved } from './moved.ts'
import { lifetimeOrNever, orNull } from '../terminal/times.ts'

interface Flags {
  readonly purgeAfter?: number | 'never'
  readonly keepDomains?: boolean
}

export function tenantArchive(parent: Command, cli: Cli): void {
  parent
    .command('archive')
    .description('take a tenant out of service, keep its data, and free its name and domains')
    .argument(...tenantArgument)
    .option(
      '--purge-after <time>',
      'when `tenant purge --archived` may delete it, e.g. 90d; or never (default: 30d)',
      lifetimeOrNever,
    )
    .option('--keep-domains', 'its domains stay with it, and answer 403')
    .addHelpText(
      'after',
      examples(['tenant archive acme', 'its data stays for 30 days'], ['tenant restore acme', 'brings it back']),
    )
    .action(async (ref: string | undefined, { purgeAfter, keepDomains }: Flags) => {
      const { tenants } = await cli.tenancy()
      const tenant = await tenants.archive(ref ?? (await cli.ask.required(tenantQuestion)), {
        purgeAfterMs: orNull(purgeAfter),
        keepDomains,
      })
      cli.out.result(tenant, () => renderMoved(tenant))
    })
}
