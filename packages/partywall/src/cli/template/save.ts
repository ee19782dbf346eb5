/** `partywall template save`: the structure of a tenant, and chosen rows, for new tenants. */
import { Option, type Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples, repeated } from '../context/declarations.ts'
import { templateQuestion } from './question.ts'

interface Flags {
  readonly from: string
  readonly rows?: readonly string[]
  readonly seeds?: 'included' | 'run'
}

export function templateSave(parent: Command, cli: Cli): void {
  parent
    .command('save')
    .description('save the structure of a tenant, and the rows of chosen tables, as a template')
    .argument('[name]', 'the name of the template: lower-case letters, digits, _ and -')
    .requiredOption('--from <tenant>', 'the tenant: its schema, its id or a domain (required)')
    .option('--rows <table>', 'a table whose rows each new tenant gets; may be repeated (default: none)', repeated)
    .addOption(
      new Option(
        '--seeds <choice>',
        'whether the rows hold what the seeds of the tenant wrote, so that these do not run in new tenants (default: none; required where seeds have run)',
      ).choices(['included', 'run']),
    )
    .addHelpText(
      'after',
      examples(['template save demo --from acme --rows plans', 'new tenants get the plans of acme, and no other rows']),
    )
    .action(async (name: string | undefined, { from, rows, seeds }: Flags) => {
      const tenancy = await cli.tenancy()
      const saved = await tenancy.templates.save(name ?? (await cli.ask.required(templateQuestion)), { from, rows, seeds })
      cli.out.result(saved, () => `saved ${saved.name} from ${from}, for tenants of the kind ${saved.kind}`)
      cli.out.say(`Create a tenant from it: partywall tenant create acme2 --kind ${saved.kind} --template ${saved.name}`)
    })
}
