/** `partywall dev`: the embedded PostgreSQL of the project, in the foreground until Ctrl-C. */
import type { Command } from 'commander'
import { TenancyError } from '../../errors.ts'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { UsageError } from '../terminal/failure.ts'

export function dev(parent: Command, cli: Cli): void {
  parent
    .command('dev')
    .description('run the embedded PostgreSQL of this project in the foreground, and print its URL')
    .addHelpText('after', examples(['dev', 'until Ctrl-C'], ['dev --json', 'print one document with the URL, then keep running']))
    .action(async () => {
      const tenancy = await cli.tenancy()
      if (!tenancy.database.isEmbedded) {
        throw new UsageError(
          'the config names a database (the option `database`, usually DATABASE_URL), so the embedded PostgreSQL is not used; unset it to use that',
        )
      }
      const { connectionString: url } = await tenancy.database.connectionConfig()
      const { databaseOf } = await import('../../tenancy.ts')
      const held = await databaseOf(tenancy).holdConnection()
      // Taken before the URL is printed: its reader may send the signal at once.
      const stopped = cli.signals.take()
      cli.out.result({ url }, () => String(url))
      cli.out.say('PostgreSQL is running; Ctrl-C stops it. All commands and programs of this project use it.')
      // So that the command does not outlive the server.
      const isLost = await Promise.race([stopped.then(() => false), held.lost.then(() => true)])
      held.giveBack()
      if (isLost) throw new TenancyError('EMBEDDED_FAILED', gone)
    })
}

const gone = 'Another process stopped the embedded PostgreSQL. Start it again; its log is .partywall/postgres/server.log.'
