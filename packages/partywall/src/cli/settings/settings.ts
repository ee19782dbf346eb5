/** `partywall settings`: what a tenant is configured with. One file for each verb, which is loaded when it is called. */
import type { Command } from 'commander'
import { registerCalled, type Commands } from '../context/called-word.ts'
import type { Cli } from '../context/cli.ts'

const verbs: Commands = {
  list: async () => (await import('./list.ts')).settingsList,
  get: async () => (await import('./get.ts')).settingsGet,
  set: async () => (await import('./set.ts')).settingsSet,
  unset: async () => (await import('./unset.ts')).settingsUnset,
  check: async () => (await import('./check.ts')).settingsCheck,
  'rotate-key': async () => (await import('./rotate-key.ts')).settingsRotateKey,
}

export async function settings(program: Command, cli: Cli, args: readonly string[]): Promise<void> {
  const noun = program.command('settings').description('what a tenant is configured with, and its secrets')
  await registerCalled(verbs, noun, cli, args)
}
