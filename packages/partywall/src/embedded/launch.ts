/** Starts the supervisor independently of this process: in its own session, with no shared descriptor except its log. */
import { spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { extname, isAbsolute, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openLog } from './log.ts'
import type { EmbeddedPaths } from './paths.ts'

/** The supervisor's exit code when another supervisor has the directory. */
export const busyExitCode = 75

export interface SupervisorArguments {
  directory: string
  /** The directory as its user would call it, for messages. */
  directoryName: string
  nativeDirectory: string
  settings: Record<string, string>
}

export interface Launch {
  /** How the supervisor ended, or undefined while it runs. After 'gone' another try may succeed, after 'failed' not. */
  ended(): 'gone' | 'failed' | undefined
  /** Lets this process end before the supervisor does. */
  forget(): void
}

export function launchSupervisor(paths: EmbeddedPaths, nativeDirectory: string, settings: Record<string, string>): Launch {
  // .ts in the repository, .js in the published package.
  const file = fileURLToPath(new URL(`./supervisor${extname(new URL(import.meta.url).pathname)}`, import.meta.url))
  const args: SupervisorArguments = {
    directory: paths.directory,
    directoryName: nameFor(paths.directory),
    nativeDirectory,
    settings,
  }
  const log = openLog(paths.log)
  let end: 'gone' | 'failed' | undefined
  // Not the process.execArgv of this process: an inspector's port, a loader or a test runner's hooks are not for the supervisor.
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file, JSON.stringify(args)], {
    cwd: '/',
    detached: true,
    env: withoutNodeSettings(process.env),
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  child.on('error', () => (end = 'failed'))
  // Also after an orderly end another try may succeed: its last hold may have ended before this process got one.
  child.on('exit', (code) => (end = code === busyExitCode || code === 0 ? 'gone' : 'failed'))
  return { ended: () => end, forget: () => child.unref() }
}

function withoutNodeSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('NODE_')))
}

/** `.partywall` rather than the whole path, where that is shorter. */
function nameFor(directory: string): string {
  const name = relative(process.cwd(), directory)
  return name === '' || name.startsWith('..') || isAbsolute(name) ? directory : name
}
