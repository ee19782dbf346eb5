/** `partywall member invite`: a token with which one user becomes a member. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { pairs } from '../terminal/table.ts'
import { lifetime } from '../terminal/times.ts'

interface Flags {
  readonly role?: string
  readonly expires?: number
}

export function memberInvite(parent: Command, cli: Cli): void {
  parent
    .command('invite')
    .description('invite a user by e-mail address; prints a token, which is shown once, and sends no mail')
    .argument(...tenantArgument)
    .argument('[email]', 'the address of the user')
    .option('--role <role>', 'the role that the user gets (default: member)')
    .option('--expires <time>', 'how long it can be accepted: 7d, 12h (default: 7d)', lifetime)
    .addHelpText('after', examples(['member invite acme ada@example.com --role admin', 'send the token to the address']))
    .action(async (ref: string | undefined, address: string | undefined, { role, expires }: Flags) => {
      const tenancy = await cli.tenancy()
      const { id, schema } = await tenancy.tenants.get(ref ?? (await cli.ask.required(tenantQuestion)))
      const email = address ?? (await cli.ask.required({ missing: 'the argument <email>', question: 'E-mail address' }))
      const invitation = await tenancy.members.invite({ id }, { email, role, expiresInMs: expires })
      cli.out.result({ ...invitation, schema }, () =>
        pairs([
          ['tenant', schema],
          ['email', invitation.email],
          ['role', invitation.role],
          ['until', invitation.expiresAt.toISOString()],
          ['token', invitation.token],
        ]),
      )
      cli.out.say('The token is not stored, and cannot be shown again. tenancy.members.accept takes it.')
    })
}
