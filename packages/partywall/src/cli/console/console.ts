/** `partywall console`: the web console for the one who starts it, in the foreground until Ctrl-C. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { countFrom, examples } from '../context/declarations.ts'
import { operator } from '../context/operator.ts'
import { loadConsole } from './load-console.ts'
import { serveLocally } from './serve-locally.ts'

interface Flags {
  readonly port?: number
}

export function console(parent: Command, cli: Cli): void {
  parent
    .command('console')
    .description('open the web console on this machine, in the foreground, and print its address; needs @partywall/console')
    .option('--port <port>', 'the port on 127.0.0.1 (default: one that is free)', countFrom(1))
    .addHelpText(
      'after',
      examples(['console', 'until Ctrl-C'], ['console --port 4000', 'at http://127.0.0.1:4000']) +
        '\n\nThe address works once, and in one browser: do not pass it on.',
    )
    .action(async ({ port = 0 }: Flags) => {
      const { console: consoleOf } = await loadConsole()
      const tenancy = await cli.tenancy()
      await tenancy.ready()
      await using server = await serveLocally(tenancy, consoleOf, { port, operator: operator() })
      // Taken before the address is printed: its reader may send the signal at once.
      const stopped = cli.signals.take()
      cli.out.result({ url: server.url }, () => server.url)
      cli.out.say('Open this address in a browser. It works once; Ctrl-C stops the console.')
      await stopped
    })
}
