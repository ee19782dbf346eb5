/** `partywall doctor`: what is not as it should be in the live database. Changes nothing. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { renderDoctor } from './render.ts'

export function doctor(parent: Command, cli: Cli): void {
  parent
    .command('doctor')
    .description(
      'look at the live database: roles and grants, migrations, indexes, sequences, the room of the server; changes nothing',
    )
    .addHelpText(
      'after',
      examples(['doctor', 'after a deploy, and once a day'], ['doctor --json', 'for a program']) +
        '\n\nThe exit code is 1 when a finding is an error; warnings alone are not a failure.',
    )
    .action(async () => {
      const report = await (await cli.tenancy()).doctor()
      if (!report.ok) cli.fail()
      cli.out.result(report, () => renderDoctor(report))
    })
}
