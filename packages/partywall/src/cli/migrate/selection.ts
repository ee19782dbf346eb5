/** The flags by which `migrate` and the commands below it say which schemas they mean. */
import type { Command } from 'commander'
import type { MigrationSelection } from '../../migrations/plan/targets.ts'
import { collect } from '../context/collect.ts'
import { UsageError } from '../terminal/failure.ts'

export interface SelectionFlags {
  readonly shared?: boolean
  readonly tenants?: boolean
  readonly tenant?: readonly string[]
  readonly kind?: readonly string[]
}

export function withSelection(command: Command): Command {
  return command
    .optionsGroup('Which schemas:')
    .option('--shared', 'the shared schema')
    .option('--tenants', 'all tenants that are not archived')
    .option('--tenant <tenant>', 'this tenant, by schema, id or domain; may be repeated', collect)
    .option('--kind <kind>', 'only tenants of this kind; may be repeated', collect)
}

/** The schemas that the flags mean, as the library takes them. */
export function selectionOf({ shared, tenants, tenant, kind }: SelectionFlags): MigrationSelection {
  if (tenants === true && tenant !== undefined) throw new UsageError('give --tenants or --tenant <tenant>, not both')
  return { shared, tenants: tenant ?? (tenants === true ? true : undefined), kinds: kind }
}

/** `migrate --tenant acme status` would show all tenants: flags between the two words belong to `migrate` alone. */
export function refuseFlagsBefore(command: Command): void {
  const { parent } = command
  const flag = parent?.options.find(
    (option) =>
      parent.getOptionValueSource(option.attributeName()) === 'cli' &&
      !everywhere.has(option.attributeName()) &&
      option.long !== undefined,
  )
  if (flag !== undefined) throw new UsageError(`put ${flag.long} behind \`migrate ${command.name()}\`, or leave it out`)
}

/** Flags that every word takes. */
const everywhere = new Set(['config', 'json', 'input', 'verbose'])
