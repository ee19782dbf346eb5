/** `partywall dev`: the embedded PostgreSQL of the project, in the foreground until Ctrl-C. */
import type { Command } from 'commander'
import { TenancyError } from '../../errors.ts'
import type { Tenancy } from '../../tenancy.ts'
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
      const lost = await watch(tenancy)
      // Taken before the URL is printed: its reader may send the signal at once.
      const stopped = cli.signals.take()
      cli.out.result({ url }, () => String(url))
      cli.out.say('PostgreSQL is running; Ctrl-C stops it. All commands and programs of this project use it.')
      await Promise.race([stopped, lost.promise]).finally(lost.forget)
    })
}

/** `promise` rejects when the server stops, so that the command does not outlive it. */
async function watch(tenancy: Tenancy): Promise<{ promise: Promise<never>; forget: () => void }> {
  const client = await tenancy.sharedPool.connect()
  const promise = new Promise<never>((_, reject) => {
    client.on('end', () => reject(new TenancyError('EMBEDDED_FAILED', gone)))
  })
  // Our own end of the connection is not an error.
  promise.catch(() => {})
  return { promise, forget: () => client.release(true) }
}

const gone = 'Another process stopped the embedded PostgreSQL. Start it again; its log is .partywall/postgres/server.log.'
