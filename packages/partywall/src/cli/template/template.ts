/** `partywall template`: schemas from which tenants are made. One file for each verb. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { templateDrop } from './drop.ts'
import { templateList } from './list.ts'
import { templateSave } from './save.ts'

export function template(program: Command, cli: Cli): void {
  const noun = program.command('template').description('save templates from tenants, list and drop them')
  templateSave(noun, cli)
  templateList(noun, cli)
  templateDrop(noun, cli)
}
