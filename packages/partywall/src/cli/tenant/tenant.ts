/** `partywall tenant`: the life of tenants. One file for each verb, which is loaded when it is called. */
import type { Command } from 'commander'
import { registerCalled, type Commands } from '../context/called-word.ts'
import type { Cli } from '../context/cli.ts'

const verbs: Commands = {
  create: async () => (await import('./create.ts')).tenantCreate,
  list: async () => (await import('./list.ts')).tenantList,
  show: async () => (await import('./show.ts')).tenantShow,
  resume: async () => (await import('./resume.ts')).tenantResume,
  suspend: async () => (await import('./set-status.ts')).tenantSuspend,
  activate: async () => (await import('./set-status.ts')).tenantActivate,
  update: async () => (await import('./update.ts')).tenantUpdate,
  rename: async () => (await import('./rename.ts')).tenantRename,
  clone: async () => (await import('./clone.ts')).tenantClone,
  archive: async () => (await import('./archive.ts')).tenantArchive,
  restore: async () => (await import('./restore.ts')).tenantRestore,
  delete: async () => (await import('./delete.ts')).tenantDelete,
  purge: async () => (await import('./purge.ts')).tenantPurge,
  login: async () => (await import('./login.ts')).tenantLogin,
  logins: async () => (await import('./login.ts')).tenantLogins,
  adopt: async () => (await import('./adopt.ts')).tenantAdopt,
  release: async () => (await import('./release.ts')).tenantRelease,
}

export async function tenant(program: Command, cli: Cli, args: readonly string[]): Promise<void> {
  const noun = program.command('tenant').description('create tenants, look at them, change, archive and delete them')
  await registerCalled(verbs, noun, cli, args)
}
