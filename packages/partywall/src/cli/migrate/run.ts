/** Runs migrations for a command: shows progress, and prints the report. */
import type { MigrationsStarted } from '../../events.ts'
import type { RunOptions } from '../../migrations/run/run.ts'
import type { MigrationReport } from '../../types.ts'
import type { Cli } from '../context/cli.ts'
import { adviceOn } from '../terminal/advice.ts'
import { migrationDocument } from '../terminal/fleet-documents.ts'
import { offerRedo } from './offer-redo.ts'
import type { OtherRun } from './other-run.ts'
import { wordsOf, type RunWords } from './progress-lines.ts'
import { MigrationProgress } from './progress.ts'
import { renderReport } from './report.ts'
import { MigrationStop } from './stop.ts'

export async function runMigrations(cli: Cli, options: RunOptions): Promise<void> {
  const finished = await runShown(cli, options)
  const redo = await offerRedo(cli, finished.report)
  if (redo === undefined) return printReport(cli, finished)
  const redone = await runShown(cli, {}, redo)
  await printReport(cli, redone)
  // Now the rest: what is pending behind the file, and the tenants that were skipped.
  if (redone.report.ok) await printReport(cli, await runShown(cli, options))
}

/** Runs and prints what the library has a call of its own for. */
export async function runOther(cli: Cli, other: OtherRun): Promise<void> {
  await printReport(cli, await runShown(cli, {}, other))
}

interface Finished {
  readonly report: MigrationReport
  readonly words: RunWords
  /** The command that finishes the rest. */
  readonly finish: string
  readonly isResumed: boolean
}

async function runShown(cli: Cli, options: RunOptions, other?: OtherRun): Promise<Finished> {
  const tenancy = await cli.tenancy()
  const { out } = cli
  const finish = `npx partywall ${other?.again ?? 'migrate --resume'}${configFlag(cli)}`
  const progress = new MigrationProgress(out)
  // A resumed run keeps the direction that it began with, which the event reports.
  let run: MigrationsStarted = { targets: 0, direction: options.down === true ? 'down' : 'up', fake: options.fake === true }
  const ends = [
    tenancy.on('migrations.started', (started) => {
      run = started
      if (!out.isJson) progress.begin(started, other?.words)
    }),
    tenancy.on('migrations.schema.ended', ({ entry }) => progress.add(entry)),
  ]
  const { signal } = new MigrationStop(cli, tenancy, finish)
  try {
    const { migrations } = tenancy
    const report = await (other === undefined ? migrations.run({ ...options, signal }) : other.run(migrations, signal))
    return { report, words: other?.words ?? wordsOf(run), finish, isResumed: options.resume === true }
  } catch (error) {
    progress.end()
    if (run.runId !== undefined && !out.isJson)
      out.say(`Completed schemas keep their migrations. Finish the rest with: ${finish}`)
    throw error
  } finally {
    progress.end()
    for (const end of ends) end()
  }
}

async function printReport(cli: Cli, { report, words, finish, isResumed }: Finished): Promise<void> {
  const { out } = cli
  if (!report.ok) cli.fail()
  const failed = report.entries.find(({ state }) => state === 'failed')?.error
  await cli.addAdvice(failed)
  if (!out.isJson && adviceOn(failed) !== '') out.say(adviceOn(failed).trim())
  const isNothingLeft = isResumed && report.entries.length === 0
  out.result(migrationDocument(report), () =>
    isNothingLeft ? 'nothing to resume: the last run is complete' : renderReport(report, words, finish),
  )
}

/** The same config, so that the command can be pasted as it is. */
function configFlag({ flags }: Cli): string {
  if (flags.config === undefined) return ''
  return ` --config ${/^[\w./-]+$/.test(flags.config) ? flags.config : JSON.stringify(flags.config)}`
}
