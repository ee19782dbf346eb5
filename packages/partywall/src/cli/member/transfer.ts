/** `partywall member transfer`: another member becomes the owner. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { renderMember } from './card.ts'

interface Flags {
  readonly from: string
  readonly to: string
  readonly role?: string
}

export function memberTransfer(parent: Command, cli: Cli): void {
  parent
    .command('transfer')
    .description('make a member the owner of a tenant in place of another one')
    .argument(...tenantArgument)
    .requiredOption('--from <user>', 'the owner (required)')
    .requiredOption('--to <user>', 'the member who becomes the owner (required)')
    .option('--role <role>', 'what the owner is afterwards (default: admin)')
    .addHelpText('after', examples(['member transfer acme --from user-1 --to user-2', 'both changes, or none']))
    .action(async (ref: string | undefined, { from, to, role }: Flags) => {
      const tenancy = await cli.tenancy()
      const { id, schema } = await tenancy.tenants.get(ref ?? (await cli.ask.required(tenantQuestion)))
      const member = await tenancy.members.transferOwnership({ id }, { from, to, role })
      cli.out.result({ ...member, schema }, () => renderMember({ ...member, schema }))
    })
}
