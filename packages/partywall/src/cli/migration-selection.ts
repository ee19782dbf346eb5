/** The flags by which `migrate` and the commands below it say which schemas they mean. */
import type { Command } from 'commander'
import type { MigrationSelection } from '../migrations/targets.ts'
import { collect } from './collect.ts'
import { UsageError } from './failure.ts'

export interface SelectionFlags {
  readonly shared?: boolean
  readonly tenants?: boolean
  readonly tenant?: readonly string[]
}

export function withSelection(command: Command): Command {
  return command
    .option('--shared', 'the shared schema')
    .option('--tenants', 'all tenants')
    .option('--tenant <tenant>', 'this tenant, by schema, id or domain; may be repeated', collect)
}

/** The schemas that the flags mean, as the library takes them. */
export function selectionOf({ shared, tenants, tenant }: SelectionFlags): MigrationSelection {
  return { shared, tenants, tenant }
}

/** `migrate --tenant acme status` would show all tenants: flags between the two words belong to `migrate` alone. */
export function refuseFlagsBefore(command: Command): void {
  const given = command.parent?.opts() ?? {}
  const flag = ['shared', 'tenants', 'tenant', 'to', 'plan'].find((name) => name in given)
  if (flag !== undefined) throw new UsageError(`put --${flag} behind \`migrate ${command.name()}\`, or leave it out`)
}
