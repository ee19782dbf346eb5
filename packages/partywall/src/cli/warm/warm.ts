/** `partywall warm`: schemas that are ready for new tenants. One file for each verb. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { warmDrop } from './drop.ts'
import { warmFill } from './fill.ts'
import { warmList } from './list.ts'

export function warm(program: Command, cli: Cli): void {
  const noun = program.command('warm').description('make, list and drop the schemas that are ready for new tenants')
  warmFill(noun, cli)
  warmList(noun, cli)
  warmDrop(noun, cli)
}
