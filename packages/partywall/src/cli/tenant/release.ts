/** `partywall tenant release`: a tenant is given up, and its tables stay in the database. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { parseDuration } from '../terminal/duration.ts'
import { UsageError } from '../terminal/failure.ts'
import { printable } from '../terminal/printable.ts'
import { renderReleasePlan } from './adopt-plan.ts'
import { confirmSchema } from './confirm.ts'

interface Flags {
  readonly to?: string
  readonly inPlace?: boolean
  readonly accept?: boolean
  readonly plan?: boolean
  readonly confirm?: string
  readonly lockTimeout?: number
}

export function tenantRelease(parent: Command, cli: Cli): void {
  parent
    .command('release')
    .description('give up a tenant, and keep its tables: in the shared schema, in another one, or where they are')
    .argument(...tenantArgument)
    .option('--to <schema>', 'the schema into which its tables move (default: the shared schema)')
    .option('--in-place', 'its schema stays as it is')
    .option('--accept', 'release it although the plan has warnings')
    .option('--plan', 'change nothing, and show what would be done')
    .option('--confirm <schema>', 'the schema of the tenant, instead of an answer to the question (default: none)')
    .option('--lock-timeout <time>', 'how long it waits for a lock before it tries again (default: 2s)', parseDuration)
    .addHelpText(
      'after',
      examples(
        ['tenant release ferrari --plan', 'what would move, and what speaks against it'],
        ['tenant release ferrari --to attic', 'shows it, and asks'],
        ['tenant release acme --in-place --confirm acme', 'without a question'],
      ),
    )
    .action(
      async (given: string | undefined, { to, inPlace, accept, plan: isPlan, confirm, lockTimeout: lockTimeoutMs }: Flags) => {
        if (inPlace === true && to !== undefined)
          throw new UsageError('--in-place leaves the tables where they are, so --to is left out')
        const { tenants } = await cli.tenancy()
        const { id, schema } = await tenants.get(given ?? (await cli.ask.required(tenantQuestion)))
        const options = { to, inPlace, accept, lockTimeoutMs }
        const planned = await tenants.release({ id }, { ...options, plan: true })
        const isAcceptable = planned.refused.length === 0 && (planned.warnings.length === 0 || accept === true)
        if (isPlan === true) {
          if (!isAcceptable) cli.fail()
          return cli.out.result(planned, () => renderReleasePlan(planned))
        }
        cli.out.say(renderReleasePlan(planned))
        if (isAcceptable) await confirmSchema(cli, schema, confirm, 'Type the schema of the tenant to release it')
        const released = await tenants.release({ id }, options)
        cli.out.result(released, () => `released ${printable(released.schema)}`)
      },
    )
}
