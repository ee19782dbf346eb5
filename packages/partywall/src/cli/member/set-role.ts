/** `partywall member set-role`: what a member may do. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { renderMember, userArgument, userQuestion } from './card.ts'

export function memberSetRole(parent: Command, cli: Cli): void {
  parent
    .command('set-role')
    .description('give a member another role; the last owner stays one')
    .argument(...tenantArgument)
    .argument(...userArgument)
    .argument('[role]', 'owner, admin, member, or a role of the configuration or of the tenant')
    .addHelpText('after', examples(['member set-role acme user-2 admin', 'from its next request on']))
    .action(async (ref: string | undefined, user: string | undefined, role: string | undefined) => {
      const tenancy = await cli.tenancy()
      const { id, schema } = await tenancy.tenants.get(ref ?? (await cli.ask.required(tenantQuestion)))
      const userId = user ?? (await cli.ask.required(userQuestion))
      const name = role ?? (await cli.ask.required({ missing: 'the argument <role>', question: 'Role' }))
      const member = await tenancy.members.setRole({ id }, userId, name)
      cli.out.result({ ...member, schema }, () => renderMember({ ...member, schema }))
    })
}
