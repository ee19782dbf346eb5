/** `partywall boundary status`: how many tenants are as configured, and what is wrong with the others. */
import type { Command } from 'commander'
import type { BoundaryStatus } from '../../lifecycle/boundary/boundary-report.ts'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { table } from '../terminal/table.ts'
import { renderGuards } from './guards.ts'

export function boundaryStatus(parent: Command, cli: Cli): void {
  parent
    .command('status')
    .description('show how many tenants are as configured, and rights that others have granted')
    .addHelpText('after', examples(['boundary status', 'changes nothing'], ['boundary status --json', 'for a program']))
    .action(async () => {
      const { boundary } = await cli.tenancy()
      const status = await boundary.status()
      cli.out.result(status, () => render(status))
    })
}

const lackingAdvice = 'lacking: run  npx partywall boundary upgrade  (under path: downgrade)'
const unfinishedAdvice =
  'unfinished: when no process with the previous boundary runs, run  npx partywall boundary upgrade --finish  (under path: downgrade --finish)'

function render({ counts, notReady, foreignGrants, missingGuards }: BoundaryStatus): string {
  const rows = Object.entries(counts).map(([boundary, { ready, unfinished, lacking }]) => [boundary, ready, unfinished, lacking])
  return [
    table(['boundary', 'ready', 'unfinished', 'lacking'], rows),
    ...(notReady.length === 0
      ? []
      : [
          '',
          table(
            ['tenant', 'state', 'lacks'],
            notReady.map(({ schema, state, lacks }) => [schema, state, lacks.join(', ')]),
          ),
          ...(notReady.some(({ state }) => state === 'lacking') ? [lackingAdvice] : []),
          ...(notReady.some(({ state }) => state === 'unfinished') ? [unfinishedAdvice] : []),
        ]),
    ...(foreignGrants.length === 0
      ? []
      : [
          '',
          table(
            ['granted on', 'to', 'revoke it'],
            foreignGrants.map(({ object, grantee, fix }) => [object, grantee, fix]),
          ),
        ]),
    ...renderGuards(missingGuards),
  ].join('\n')
}
