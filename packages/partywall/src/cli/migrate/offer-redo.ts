/**
 * After an edit of the file that was applied last, `migrate` on a terminal asks whether to apply it again. In CI and with NODE_ENV=production
 * there is no question, because the answer may drop data.
 */
import { tenancyErrorOf } from '../../errors.ts'
import type { MigrationEntry, MigrationReport } from '../../types.ts'
import type { Cli } from '../context/cli.ts'
import { UsageError } from '../terminal/failure.ts'
import { listed, printable, shortPath } from '../terminal/printable.ts'
import { redoRun, type OtherRun } from './other-run.ts'

/** The run that the caller has agreed to; undefined when nothing can be done again, or the answer is no. */
export async function offerRedo(cli: Cli, report: MigrationReport): Promise<OtherRun | undefined> {
  const failed = report.entries.filter(({ state }) => state === 'failed')
  const files = failed.map(changedFile)
  const [file] = files
  if (file === undefined || files.includes(undefined)) return undefined
  const isOnlyDevelopment = !cli.out.isJson && !process.env['CI'] && process.env['NODE_ENV'] !== 'production'
  if (!isOnlyDevelopment || !cli.ask.canAsk) return undefined
  const names = [...new Set(files)].map((path) => shortPath(path!))
  const question =
    `${listed(names)} ${names.length === 1 ? 'has' : 'have'} changed since it was applied to ${listed(failed.map(({ target }) => target))}. ` +
    'Redo it there? This runs its down migration as it is now, which may drop data.'
  return (await agrees(cli, question)) ? redoRun(optionsFor(failed)) : undefined
}

/** The file that a schema failed with because it has changed and can be done again. */
function changedFile({ error }: MigrationEntry): string | undefined {
  const changed = tenancyErrorOf(error, 'MIGRATION_CHANGED')
  return changed?.details.mayRedo === true ? printable(changed.details.file ?? '') : undefined
}

/** When the shared schema has failed, no tenant was started. */
function optionsFor(failed: readonly MigrationEntry[]): { readonly shared: true } | { readonly tenants: readonly string[] } {
  const tenants = failed.flatMap(({ tenantId }) => tenantId ?? [])
  return tenants.length === 0 ? { shared: true } : { tenants }
}

/** Ctrl-D is no agreement. */
async function agrees(cli: Cli, question: string): Promise<boolean> {
  try {
    return (await cli.ask.choice({ missing: 'an answer', question }, ['no', 'yes'])) === 'yes'
  } catch (error) {
    if (error instanceof UsageError) return false
    throw error
  }
}
