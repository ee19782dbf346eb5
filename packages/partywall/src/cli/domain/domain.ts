/** `partywall domain`: the host names that lead to tenants. One file for each verb. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { domainAdd } from './add.ts'
import { domainClaim } from './claim.ts'
import { domainClaims } from './claims.ts'
import { domainList } from './list.ts'
import { domainRecheck } from './recheck.ts'
import { domainRelease } from './release.ts'
import { domainRemove } from './remove.ts'
import { domainSetPrimary } from './set-primary.ts'
import { domainVerify } from './verify.ts'

export function domain(program: Command, cli: Cli): void {
  const noun = program.command('domain').description('the host names that lead to tenants')
  domainAdd(noun, cli)
  domainList(noun, cli)
  domainSetPrimary(noun, cli)
  domainRemove(noun, cli)
  domainClaim(noun, cli)
  domainVerify(noun, cli)
  domainClaims(noun, cli)
  domainRelease(noun, cli)
  domainRecheck(noun, cli)
}
