/** `partywall boundary`: makes the rights of all tenants as the option `boundary` says. One file for each verb. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { boundaryDowngrade, boundaryUpgrade } from './change.ts'
import { boundaryRotate } from './rotate.ts'
import { boundaryStatus } from './status.ts'

export function boundary(program: Command, cli: Cli): void {
  const noun = program
    .command('boundary')
    .description('give the tenants the roles and rights that the option "boundary" asks for')
  boundaryUpgrade(noun, cli)
  boundaryDowngrade(noun, cli)
  boundaryStatus(noun, cli)
  boundaryRotate(noun, cli)
}
