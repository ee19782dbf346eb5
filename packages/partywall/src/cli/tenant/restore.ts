/** `partywall tenant restore`: brings an archived tenant back. */
import type { Command } from 'commander'
import type { Restored } from '../../lifecycle/states/restore.ts'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { describeFailure, toDocument } from '../terminal/failure.ts'
import { reportDocument } from '../terminal/fleet-documents.ts'
import { listed } from '../terminal/printable.ts'
import { renderMoved } from './moved.ts'

interface Flags {
  readonly schema?: string
  readonly migrate?: boolean
}

export function tenantRestore(parent: Command, cli: Cli): void {
  parent
    .command('restore')
    .description('bring an archived tenant back, with its domains that are free')
    .argument(tenantArgument[0], 'the schema that it had, its id, or a domain that it has kept')
    .option('--schema <schema>', 'another name for its schema (default: the one that it had)')
    .option('--migrate', 'apply the migrations that it has missed; without, it stays in maintenance until they are applied')
    .addHelpText(
      'after',
      examples(
        ['tenant restore acme --migrate', 'it is served again when its migrations are applied'],
        ['tenant restore acme --schema acme-2', 'where another tenant has its name'],
      ),
    )
    .action(async (ref: string | undefined, { schema, migrate }: Flags) => {
      const { tenants } = await cli.tenancy()
      const restored = await tenants.restore(ref ?? (await cli.ask.required(tenantQuestion)), { schema, migrate })
      cli.out.result(documentOf(restored), () => renderMoved(restored.tenant))
      for (const line of notesOf(restored)) cli.out.say(line)
      if (restored.migrations?.ok === false) cli.fail()
    })
}

function documentOf({ tenant, domains, takenDomains, pending, problem, migrations }: Restored<any>): object {
  return {
    tenant,
    domains,
    takenDomains,
    pending,
    ...(problem !== undefined && { problem: toDocument(problem) }),
    ...(migrations !== undefined && { migrations: reportDocument(migrations, ({ applied }) => ({ applied })) }),
  }
}

function notesOf({ tenant, takenDomains, pending, problem, migrations }: Restored<any>): string[] {
  const failed = migrations?.entries.find(({ state }) => state === 'failed')
  return [
    ...(takenDomains.length === 0 ? [] : [`Another tenant has these domains now: ${listed(takenDomains)}.`]),
    ...(problem === undefined ? [] : [`Its migrations need a look: ${describeFailure(problem)}`]),
    ...(failed === undefined ? [] : [`Its migrations failed: ${describeFailure(failed.error)}`]),
    ...(pending.length === 0
      ? []
      : [
          `It is in maintenance, because it has missed ${pending.length === 1 ? 'a migration' : `${pending.length} migrations`}. ` +
            `Apply them: partywall migrate --tenant ${tenant.schema}. Then: partywall tenant activate ${tenant.schema}`,
        ]),
  ]
}
