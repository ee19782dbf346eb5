/** `partywall user`: the accounts of the sign-in that the option `auth` of the config names. One file for each verb, which is loaded when it is called. */
import type { Command } from 'commander'
import { registerCalled, type Commands } from '../context/called-word.ts'
import type { Cli } from '../context/cli.ts'

const verbs: Commands = {
  create: async () => (await import('./create.ts')).userCreate,
  list: async () => (await import('./list.ts')).userList,
  disable: async () => (await import('./disable.ts')).userDisable,
  enable: async () => (await import('./disable.ts')).userEnable,
  'set-password': async () => (await import('./set-password.ts')).userSetPassword,
}

export async function user(program: Command, cli: Cli, args: readonly string[]): Promise<void> {
  const noun = program.command('user').description('the accounts of the sign-in: of one tenant, or the central ones')
  await registerCalled(verbs, noun, cli, args)
}
