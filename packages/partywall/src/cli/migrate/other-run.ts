/** Runs that the library has a call of its own for, with the words that a person reads about them. */
import type { Migrations, RedoOptions, ResetOptions } from '../../migrations/run/run.ts'
import type { MigrationReport } from '../../types.ts'
import type { RunWords } from './progress-lines.ts'

export interface OtherRun {
  readonly words: RunWords
  /** The words of the command that does it again, without `npx partywall`. */
  readonly again: string
  run(migrations: Migrations<any>, signal: AbortSignal): Promise<MigrationReport>
}

export function redoRun(options: RedoOptions): OtherRun {
  const { shared, tenants } = options
  return {
    words: { doing: 'redoing', did: 'redid', done: 'redone', idle: 'with nothing to redo' },
    again: `migrate redo${shared === true ? ' --shared' : namedTenants(tenants)}`,
    run: (migrations, signal) => migrations.redo({ ...options, signal }),
  }
}

export function resetRun(options: ResetOptions): OtherRun {
  return {
    words: { doing: 'resetting', did: 'reset, and applied', done: 'reset', idle: 'reset' },
    again: `migrate reset${namedTenants(options.tenants)}`,
    run: (migrations, signal) => migrations.reset({ ...options, signal }),
  }
}

function namedTenants(tenants: RedoOptions['tenants']): string {
  return Array.isArray(tenants) ? tenants.map((tenant) => ` --tenant ${String(tenant)}`).join('') : ' --tenants'
}
