/** `partywall audit`: who did what to which tenant. One file for each verb. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { auditExport } from './export.ts'
import { auditList } from './list.ts'

export function audit(program: Command, cli: Cli): void {
  const noun = program.command('audit').description('who did what to which tenant')
  auditList(noun, cli)
  auditExport(noun, cli)
}
