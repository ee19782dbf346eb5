/** `partywall view`: views over a table of all tenants. One file for each verb. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { viewCreate } from './create.ts'
import { viewDrop } from './drop.ts'
import { viewList } from './list.ts'
import { viewRefresh } from './refresh.ts'

export function view(program: Command, cli: Cli): void {
  const noun = program.command('view').description('make, refresh, list and drop views over a table of all tenants')
  viewCreate(noun, cli)
  viewRefresh(noun, cli)
  viewList(noun, cli)
  viewDrop(noun, cli)
}
