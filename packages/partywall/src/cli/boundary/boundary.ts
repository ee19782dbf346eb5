/** `partywall boundary`: what keeps tenants apart. One file for each verb. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { boundaryRotate } from './rotate.ts'

export function boundary(program: Command, cli: Cli): void {
  const noun = program.command('boundary').description('change what keeps tenants apart')
  boundaryRotate(noun, cli)
}
