/** `partywall files`: what the files of tenants take. One file for each verb. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { filesRecount } from './recount.ts'
import { filesUsage } from './usage.ts'

export function files(program: Command, cli: Cli): void {
  const noun = program.command('files').description('show and count what the files of tenants take')
  filesUsage(noun, cli)
  filesRecount(noun, cli)
}
