/** `partywall tenant suspend` and `partywall tenant activate`: whether requests reach a tenant. Its data stays as it is. */
import type { Command } from 'commander'
import type { Tenancy } from '../../tenancy.ts'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { pairs } from '../terminal/table.ts'

export function tenantSuspend(parent: Command, cli: Cli): void {
  setStatus(parent.command('suspend'), cli, 'suspend')
    .description('refuse new requests to a tenant, until it is activated')
    .addHelpText('after', examples(['tenant suspend acme', 'its requests get 403; its data stays']))
}

export function tenantActivate(parent: Command, cli: Cli): void {
  setStatus(parent.command('activate'), cli, 'activate')
    .description('end the suspension or the maintenance of a tenant')
    .addHelpText('after', examples(['tenant activate acme', 'its requests are served again']))
}

function setStatus(command: Command, cli: Cli, verb: keyof Pick<Tenancy['tenants'], 'suspend' | 'activate'>): Command {
  return command.argument(...tenantArgument).action(async (ref: string | undefined) => {
    const { tenants } = await cli.tenancy()
    const tenant = await tenants[verb](ref ?? (await cli.ask.required(tenantQuestion)))
    cli.out.result(tenant, () =>
      pairs([
        ['tenant', tenant.schema],
        ['status', tenant.status],
      ]),
    )
  })
}
