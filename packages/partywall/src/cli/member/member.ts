/** `partywall member`: the users of a tenant. One file for each verb, which is loaded when it is called. */
import type { Command } from 'commander'
import { registerCalled, type Commands } from '../context/called-word.ts'
import type { Cli } from '../context/cli.ts'

const verbs: Commands = {
  add: async () => (await import('./add.ts')).memberAdd,
  list: async () => (await import('./list.ts')).memberList,
  remove: async () => (await import('./remove.ts')).memberRemove,
  'set-role': async () => (await import('./set-role.ts')).memberSetRole,
  transfer: async () => (await import('./transfer.ts')).memberTransfer,
  invite: async () => (await import('./invite.ts')).memberInvite,
}

export async function member(program: Command, cli: Cli, args: readonly string[]): Promise<void> {
  const noun = program.command('member').description('the users of a tenant, their roles and invitations')
  await registerCalled(verbs, noun, cli, args)
}
