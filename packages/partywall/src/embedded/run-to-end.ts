/** Runs a helper program of the server and waits for it; what it prints becomes part of the error when it fails. */
import { spawn } from 'node:child_process'
import type { RunAs } from './run-as.ts'

export async function runToEnd(command: ReturnType<RunAs['command']>, name: string): Promise<void> {
  const { file, args, ...user } = command
  const child = spawn(file, args, { ...user, cwd: '/', env: serverEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  child.stderr.on('data', (chunk) => (output += String(chunk)))
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) return resolve()
      const end = output.trim().split('\n').slice(-8).join('\n  ')
      reject(new Error(`${name} ended with ${signal ?? `exit code ${code}`}:\n  ${end}`))
    })
  })
}

/** Without PGDATA, PGPORT and the like of the user's own server; messages in English, since we quote them. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('PG') && !name.startsWith('LC_'))
  return { ...Object.fromEntries(kept), LC_ALL: 'C' }
}
