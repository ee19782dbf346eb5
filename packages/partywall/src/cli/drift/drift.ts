/** `partywall drift`: which tenants are not what their own migrations gave, and what would repair them. */
import type { Command } from 'commander'
import type { DriftReport } from '../../lifecycle/drift/drift-report.ts'
import type { Cli } from '../context/cli.ts'
import { examples, kindFlag, repeated, statusFlag, type NarrowingFlags } from '../context/declarations.ts'
import { assertKindsInConfig } from '../context/kinds.ts'
import { parseDuration } from '../terminal/duration.ts'
import { renderDrift } from './render.ts'

interface Flags extends NarrowingFlags {
  readonly tenant?: readonly string[]
  readonly exclude?: readonly string[]
  readonly fix?: boolean
  readonly lockTimeout?: number
}

export function drift(parent: Command, cli: Cli): void {
  parent
    .command('drift')
    .description('compare each tenant with what its own migrations give, and show what would repair it')
    .option('--tenant <tenant>', 'only this tenant, by schema, id or domain; may be repeated (default: all)', repeated)
    .addOption(kindFlag())
    .addOption(statusFlag('every status but archived; with --tenant, every status'))
    .option(
      '--exclude <glob>',
      'objects that may differ, by name; * stands for any characters; may be repeated (default: none)',
      repeated,
    )
    .option('--fix', 'add what is missing where nothing can be lost, and show what is left')
    .option(
      '--lock-timeout <time>',
      'with --fix: how long a statement waits for a lock; 0 waits indefinitely (default: 2s)',
      parseDuration,
    )
    .addHelpText(
      'after',
      examples(
        ['drift', 'all tenants; changes nothing'],
        ["drift --exclude 'audit_*' --json", 'for a program, without some tables'],
        ['drift --tenant acme --fix', 'add what is missing in one tenant'],
      ) + '\n\nThe exit code is 1 when a tenant has drifted, or cannot be compared.',
    )
    .action(async ({ tenant, kind, status, exclude, fix, lockTimeout }: Flags) => {
      const tenancy = await cli.tenancy()
      if (kind !== undefined) assertKindsInConfig(tenancy, kind)
      const report = await tenancy.drift({ tenants: tenant, kinds: kind, status, exclude, fix, lockTimeoutMs: lockTimeout })
      if (!report.ok) cli.fail()
      cli.out.result(documentOf(report), () => renderDrift(report))
    })
}

/** Without the whole objects that differ: their definitions are in the repairs. */
function documentOf({ ok, tenants, durationMs }: DriftReport): object {
  return {
    ok,
    tenants: tenants.map(({ differences, ...entry }) => ({
      ...entry,
      differences: differences.map(({ kind, name, change, property, sentence }) => ({ kind, name, change, property, sentence })),
    })),
    durationMs: Math.round(durationMs),
  }
}
