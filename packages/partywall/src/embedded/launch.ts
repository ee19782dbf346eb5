/** Starts the supervisor so that nothing ties it to this process: own session, no shared descriptors but its log. */
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
  /** How the supervisor ended, or undefined while it lives. After 'gone' it is worth to look again, after 'failed' not. */
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
  // Not our own process.execArgv: an inspector's port, a loader or a test runner's hooks are no business of the supervisor.
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file, JSON.stringify(args)], {
    cwd: '/',
    detached: true,
    env: withoutNodeSettings(process.env),
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  child.on('error', () => (end = 'failed'))
  // An orderly end, too, means: look again. Its last holder may have gone before we became one.
  child.on('exit', (code) => (end = code === busyExitCode || code === 0 ? 'gone' : 'failed'))
  return { ended: () => end, forget: () => child.unref() }
}

function withoutNodeSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('NODE_')))
}

/** `.partywall` rather than the whole path, where that is the shorter one. */
function nameFor(directory: string): string {
  const name = relative(process.cwd(), directory)
  return name === '' || name.startsWith('..') || isAbsolute(name) ? directory : name
}
