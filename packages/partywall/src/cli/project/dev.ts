/** `partywall dev`: the embedded PostgreSQL of the project, in the foreground until Ctrl-C. */
import type { Command } from 'commander'
import { TenancyError } from '../../errors.ts'
import type { Tenancy } from '../../tenancy.ts'
import type { Cli } from '../context/cli.ts'
import { examples } from '../terminal/examples.ts'
import { UsageError } from '../terminal/failure.ts'

export function dev(parent: Command, cli: Cli): void {
  parent
    .command('dev')
    .description('run the embedded PostgreSQL of this project in the foreground, and print its URL')
    .addHelpText('after', examples(['dev', 'until Ctrl-C'], ['dev --json', 'one document with the URL, then it stays']))
    .action(async () => {
      const tenancy = await cli.tenancy()
      if (!tenancy.database.isEmbedded) {
        throw new UsageError(
          'the config names a database (`database`, mostly DATABASE_URL), so there is no embedded PostgreSQL to run; unset it to use one',
        )
      }
      const { connectionString: url } = await tenancy.database.connectionConfig()
      const lost = await watch(tenancy)
      // From here on a signal is the normal end; whoever has read the URL may send one.
      const told = cli.signals.untilTold()
      cli.out.result({ url }, () => String(url))
      cli.out.say('PostgreSQL is running; Ctrl-C stops it. Commands and programs of this project share it.')
      await Promise.race([told, lost.promise]).finally(lost.forget)
    })
}

/** `promise` rejects when the server is gone: a foreground that stands for nothing would be a lie. */
async function watch(tenancy: Tenancy): Promise<{ promise: Promise<never>; forget: () => void }> {
  const client = await tenancy.sharedPool.connect()
  const promise = new Promise<never>((_, reject) => {
    client.on('end', () => reject(new TenancyError('EMBEDDED_FAILED', gone)))
  })
  // The end that we make ourselves is no news.
  promise.catch(() => {})
  return { promise, forget: () => client.release(true) }
}

const gone = 'The embedded PostgreSQL was stopped by somebody else. Start it again; its log is .partywall/postgres/server.log.'
