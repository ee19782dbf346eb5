/** Runs migrations for a command: shows progress, and prints the report. */
import type { MigrationsStarted } from '../../events.ts'
import type { RunOptions } from '../../migrations/run/run.ts'
import type { Cli } from '../context/cli.ts'
import { adviceOn } from '../terminal/advice.ts'
import { migrationDocument } from '../terminal/fleet-documents.ts'
import { wordsOf } from './progress-lines.ts'
import { MigrationProgress } from './progress.ts'
import { renderReport } from './report.ts'
import { MigrationStop } from './stop.ts'

export async function runMigrations(cli: Cli, options: RunOptions): Promise<void> {
  const tenancy = await cli.tenancy()
  const { out } = cli
  const resume = resumeCommand(cli)
  const progress = new MigrationProgress(out)
  // A resumed run keeps the direction that it began with, which the event reports.
  let run: MigrationsStarted = { targets: 0, direction: options.down === true ? 'down' : 'up', fake: options.fake === true }
  tenancy.on('migrations.started', (started) => {
    run = started
    if (!out.isJson) progress.begin(started)
  })
  tenancy.on('migrations.schema.ended', ({ entry }) => progress.add(entry))
  const stop = new MigrationStop(cli, tenancy, resume)
  const report = await tenancy.migrations.run({ ...options, signal: stop.signal }).catch((error: unknown) => {
    progress.end()
    if (run.runId !== undefined && !out.isJson)
      out.say(`Completed schemas keep their migrations. Finish the rest with: ${resume}`)
    throw error
  })
  progress.end()
  if (!report.ok) cli.fail()
  const failed = report.entries.find(({ state }) => state === 'failed')?.error
  await cli.addAdvice(failed)
  if (!out.isJson && adviceOn(failed) !== '') out.say(adviceOn(failed).trim())
  const isNothingLeft = options.resume === true && report.entries.length === 0
  out.result(migrationDocument(report), () =>
    isNothingLeft ? 'nothing to resume: the last run is complete' : renderReport(report, wordsOf(run), resume),
  )
}

/** The same config, so that the command can be pasted as it is. */
function resumeCommand({ flags }: Cli): string {
  const config =
    flags.config === undefined ? '' : ` --config ${/^[\w./-]+$/.test(flags.config) ? flags.config : JSON.stringify(flags.config)}`
  return `npx partywall migrate --resume${config}`
}
