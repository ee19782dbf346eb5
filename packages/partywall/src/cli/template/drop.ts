/** `partywall template drop`: removes a template and its schema. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { UsageError } from '../terminal/failure.ts'
import { templateQuestion } from './question.ts'

interface Flags {
  readonly kind?: string
}

export function templateDrop(parent: Command, cli: Cli): void {
  parent
    .command('drop')
    .description('drop a template with its schema; tenants that were made from it stay')
    .argument('[name]', 'a template that was saved')
    .option('--kind <kind>', 'the template of this kind, which the next migrate makes again (default: none)')
    .addHelpText(
      'after',
      examples(
        ['template drop demo', 'a template that was saved'],
        ['template drop --kind default', 'that of a kind: the next migrate makes it again'],
      ),
    )
    .action(async (name: string | undefined, { kind }: Flags) => {
      if (name !== undefined && kind !== undefined) throw new UsageError('give a name or --kind, not both')
      const tenancy = await cli.tenancy()
      const which = kind === undefined ? (name ?? (await cli.ask.required(templateQuestion))) : { kind }
      await tenancy.templates.drop(which)
      cli.out.result(
        { dropped: which },
        () => `dropped the template ${typeof which === 'string' ? which : `of the kind ${which.kind}`}`,
      )
    })
}
