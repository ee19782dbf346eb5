/** `partywall repl`: JavaScript in the scope of one tenant, or of the shared schema, on the terminal. */
import { once } from 'node:events'
import { start } from 'node:repl'
import type { Command } from 'commander'
import type { Tenancy } from '../../tenancy.ts'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { UsageError } from '../terminal/failure.ts'

interface Flags {
  readonly tenant?: string
  readonly shared?: boolean
}

export function repl(parent: Command, cli: Cli): void {
  parent
    .command('repl')
    .description('JavaScript in the scope of one tenant: tenancy, pool and tenant are there')
    .optionsGroup('Where (one is required):')
    .option('--tenant <tenant>', 'in this tenant, by schema, id or domain, whatever its status')
    .option('--shared', 'in the shared schema')
    .addHelpText('after', examples(['repl --tenant acme', "then: await pool.query('select * from notes')"]))
    .action(async ({ tenant: ref, shared = false }: Flags) => {
      if (cli.out.isJson) throw new UsageError('repl is a session and has no JSON document')
      if ((ref === undefined) === !shared) throw new UsageError('give one of --tenant <tenant> and --shared', 'MISSING_ANSWER')
      cli.out.leaveStdout()
      const tenancy = await cli.tenancy()
      if (ref === undefined) return tenancy.runShared(() => session(tenancy, 'shared> ', {}))
      const tenant = await tenancy.tenants.get(ref)
      return tenancy.run(tenant, () => session(tenancy, `${tenant.schema}> `, { tenant }), { allowInactive: true })
    })
}

type Evaluate = ReturnType<typeof start>['eval']

async function session(tenancy: Tenancy, prompt: string, names: object): Promise<void> {
  const server = start({ prompt })
  Object.assign(server.context, { tenancy, pool: tenancy.pool, ...names })
  let last = Promise.resolve()
  const { eval: evaluate } = server
  // The terminal calls it outside of the scope, and does not wait for a line before it reads the next one of a script.
  const inScope = tenancy.bind(((code, context, file, done) => {
    const before = last
    last = new Promise((resolve) => {
      void before.then(() =>
        evaluate.call(server, code, context, file, (error, result) => {
          resolve()
          done(error, result)
        }),
      )
    })
  }) satisfies Evaluate)
  Object.assign(server, { eval: inScope })
  await once(server, 'exit')
  // Input that ends, as that of a script does, ends the session while its last line still waits for the database.
  for (let awaited: Promise<void> | undefined; awaited !== last;) await (awaited = last)
}
