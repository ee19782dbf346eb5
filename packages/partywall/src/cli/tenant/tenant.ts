/** `partywall tenant`: the life of tenants. One file for each verb. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { tenantAdopt } from './adopt.ts'
import { tenantCreate } from './create.ts'
import { tenantList } from './list.ts'
import { tenantRelease } from './release.ts'
import { tenantActivate, tenantSuspend } from './set-status.ts'
import { tenantLogin, tenantLogins } from './login.ts'
import { tenantShow } from './show.ts'

export function tenant(program: Command, cli: Cli): void {
  const noun = program.command('tenant').description('create tenants, look at them, suspend and activate them')
  tenantCreate(noun, cli)
  tenantList(noun, cli)
  tenantShow(noun, cli)
  tenantSuspend(noun, cli)
  tenantActivate(noun, cli)
  tenantLogin(noun, cli)
  tenantLogins(noun, cli)
  tenantAdopt(noun, cli)
  tenantRelease(noun, cli)
}
