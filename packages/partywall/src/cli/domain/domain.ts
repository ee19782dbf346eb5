/** `partywall domain`: the host names that lead to tenants. One file for each verb. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { domainAdd } from './add.ts'
import { domainList } from './list.ts'
import { domainRemove } from './remove.ts'
import { domainSetPrimary } from './set-primary.ts'

export function domain(program: Command, cli: Cli): void {
  const noun = program.command('domain').description('the host names that lead to tenants')
  domainAdd(noun, cli)
  domainList(noun, cli)
  domainSetPrimary(noun, cli)
  domainRemove(noun, cli)
}
