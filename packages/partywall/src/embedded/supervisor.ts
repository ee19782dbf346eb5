/**
 * The program that owns one embedded PostgreSQL: started by the first process that needs the server, ended when the last one is gone.
 *
 *   1. lock the directory; if another supervisor has it, end at once
 *   2. listen for holds, and write the address into server.json
 *   3. prepare binaries and data, stop an orphaned server, start PostgreSQL; the waiting processes get messages
 *   4. when the last hold was released, or lost for a second: stop PostgreSQL (fast shutdown), remove server.json, end
 *   5. when PostgreSQL ended by itself: remove server.json, end; the next process that needs it starts a new supervisor
 */
import { removeServerFile, writeServerFile } from './server-file.ts'
import { busyExitCode, type SupervisorArguments } from './launch.ts'
import { prepareBinaries } from './binaries.ts'
import { prepareData } from './data-directory.ts'
import { embeddedFailure } from './failure.ts'
import { listenForHolds } from './holders.ts'
import { tryLock } from './lock.ts'
import { note } from './log.ts'
import { embeddedPaths } from './paths.ts'
import { startPostgres, type Postgres } from './postgres.ts'
import { chooseRunAs } from './run-as.ts'
import { stopOrphan } from './orphan.ts'
import { tenancyErrorOf } from '../errors.ts'

const { directory, directoryName, nativeDirectory, settings } = JSON.parse(process.argv[2] ?? '{}') as SupervisorArguments
const paths = embeddedPaths(directory)

const lock = tryLock(paths.lock)
if (lock === undefined) process.exit(busyExitCode)

const holders = await listenForHolds({ onLastGone: () => void end() })
await writeServerFile(paths.serverFile, { ...holders.address, supervisorPid: process.pid })

// A closed terminal is no reason to stop the server that others hold; the shutdown of the machine is.
for (const signal of ['SIGHUP', 'SIGINT'] as const) process.on(signal, () => {})
process.on('SIGTERM', () => void end())

let ending: Promise<void> | undefined
const starting = start()
try {
  const postgres = await starting
  void postgres.ended.then(() => end())
  holders.ready({ port: postgres.port, pid: postgres.pid })
} catch (error) {
  const failure = tenancyErrorOf(error) ?? (await embeddedFailure(String((error as Error)?.message ?? error), paths, error))
  note(failure.stack ?? failure.message)
  holders.failed(failure.summary)
}

async function start(): Promise<Postgres> {
  const begin = performance.now()
  const binaries = await prepareBinaries(nativeDirectory)
  const runAs = await chooseRunAs(paths, binaries)
  await stopOrphan(paths)
  const isFirstStart = await prepareData(paths, binaries, runAs, () =>
    holders.progress(`partywall: preparing embedded PostgreSQL ${binaries.major} in ${directoryName} (first start only)…`),
  )
  const postgres = await startPostgres(paths, binaries, runAs, settings)
  if (isFirstStart) {
    const seconds = ((performance.now() - begin) / 1000).toFixed(1)
    holders.progress(`partywall: embedded PostgreSQL ready on port ${postgres.port} in ${seconds} s`)
  }
  return postgres
}

function end(): Promise<void> {
  ending ??= (async () => {
    holders.refuseNew()
    const postgres = await starting.catch(() => undefined)
    await postgres?.stop()
    await removeServerFile(paths.serverFile)
    // This also ends the holds: a process that waits in release() goes on when this one has ended.
    process.exit(0)
  })()
  return ending
}
