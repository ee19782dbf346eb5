/** `partywall tenant`: the life of tenants. One file for each verb. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { tenantArchive } from './archive.ts'
import { tenantAdopt } from './adopt.ts'
import { tenantClone } from './clone.ts'
import { tenantCreate } from './create.ts'
import { tenantDelete } from './delete.ts'
import { tenantList } from './list.ts'
import { tenantRelease } from './release.ts'
import { tenantActivate, tenantSuspend } from './set-status.ts'
import { tenantLogin, tenantLogins } from './login.ts'
import { tenantPurge } from './purge.ts'
import { tenantRename } from './rename.ts'
import { tenantRestore } from './restore.ts'
import { tenantResume } from './resume.ts'
import { tenantShow } from './show.ts'
import { tenantUpdate } from './update.ts'

export function tenant(program: Command, cli: Cli): void {
  const noun = program.command('tenant').description('create tenants, look at them, change, archive and delete them')
  tenantCreate(noun, cli)
  tenantList(noun, cli)
  tenantShow(noun, cli)
  tenantResume(noun, cli)
  tenantSuspend(noun, cli)
  tenantActivate(noun, cli)
  tenantUpdate(noun, cli)
  tenantRename(noun, cli)
  tenantClone(noun, cli)
  tenantArchive(noun, cli)
  tenantRestore(noun, cli)
  tenantDelete(noun, cli)
  tenantPurge(noun, cli)
  tenantLogin(noun, cli)
  tenantLogins(noun, cli)
  tenantAdopt(noun, cli)
  tenantRelease(noun, cli)
}
