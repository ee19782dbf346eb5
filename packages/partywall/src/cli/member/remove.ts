/** `partywall member remove`: a user is no member of the tenant any more. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { renderMember, userArgument, userQuestion } from './card.ts'

export function memberRemove(parent: Command, cli: Cli): void {
  parent
    .command('remove')
    .description('remove a member from a tenant; the last owner stays')
    .argument(...tenantArgument)
    .argument(...userArgument)
    .addHelpText('after', examples(['member remove acme user-2', 'its requests get 403 from then on']))
    .action(async (ref: string | undefined, user: string | undefined) => {
      const tenancy = await cli.tenancy()
      const { id, schema } = await tenancy.tenants.get(ref ?? (await cli.ask.required(tenantQuestion)))
      const member = await tenancy.members.remove({ id }, user ?? (await cli.ask.required(userQuestion)))
      cli.out.result({ ...member, schema }, () => renderMember({ ...member, schema }))
    })
}
