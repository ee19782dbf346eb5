/** `partywall tenant resume`: runs the seeds and hooks that a new tenant lacks. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { saySteps } from '../context/step-lines.ts'
import { renderCard, tenantCard } from './card.ts'

export function tenantResume(parent: Command, cli: Cli): void {
  parent
    .command('resume')
    .description('complete a new tenant whose seeds or hook were interrupted, or failed')
    .argument(...tenantArgument)
    .addHelpText('after', examples(['tenant resume acme', 'runs the steps that are not done']))
    .action(async (ref: string | undefined) => {
      const tenancy = await cli.tenancy()
      saySteps(cli, tenancy)
      const tenant = await tenancy.tenants.resume(ref ?? (await cli.ask.required(tenantQuestion)))
      const card = await tenantCard(tenancy, tenant)
      cli.out.result(card, () => renderCard(card))
    })
}
