/** `partywall check`: what is wrong with the configuration, the code and the database of a project, as far as it can be seen. Changes nothing. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples, repeated } from '../context/declarations.ts'
import { messageOf } from '../terminal/failure.ts'
import type { CheckFlags } from './gather.ts'
import { renderReport } from './report.ts'

export function check(parent: Command, cli: Cli): void {
  parent
    .command('check')
    .description('check the configuration, the code and the database of this project; changes nothing')
    .option('--app <module>', 'import this module, and check the order of the middlewares of its application (default: none)')
    .option(
      '--allow <path>',
      'a route that needs no tenant; /admin/* for all under it; may be repeated (default: none)',
      repeated,
    )
    .option('--no-database', 'leave out what needs a database')
    .addHelpText(
      'after',
      examples(
        ['check', 'before a deploy; exit code 1 when there are errors'],
        ['check --app src/app.ts --allow /health', 'also the order of middlewares'],
        ['check --no-database --json', 'for a program, without a database'],
      ),
    )
    .action(async (flags: CheckFlags) => {
      // Loaded only here: every other command starts without them.
      const [{ checks }, { runChecks }, { gather }] = await Promise.all([
        import('../../check/checks.ts'),
        import('../../check/run-checks.ts'),
        import('./gather.ts'),
      ])
      const { facts, absent, release } = await gather(cli, flags)
      try {
        const report = await runChecks(checks, { facts, absent, describe: messageOf })
        if (!report.ok) cli.fail()
        cli.out.result(report, () => renderReport(report, checks.length))
      } finally {
        release()
      }
    })
}
