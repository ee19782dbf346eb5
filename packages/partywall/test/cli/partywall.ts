/** Runs the real command line as a child process, in temporary projects. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { errorCodes } from '../../src/errors.ts'
import { atFileEnd } from '../support/run/file-end.ts'
import { writeFiles } from '../support/tenants/registry.ts'

export const bin = fileURLToPath(new URL('../../bin/partywall.js', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** The one document on stdout. */
  readonly json: any
}

export interface RunOptions {
  readonly env?: Record<string, string | undefined>
  readonly input?: string
}

export interface Project {
  readonly folder: string
  /** @param call the words of a call, separated by spaces; a list for words that contain spaces */
  run(call: string | readonly string[], options?: RunOptions): Promise<Ended>
  start(call: string | readonly string[], options?: RunOptions): ChildProcess
}

/** `import 'partywall'` resolves to the copy that runs, wherever the folder is. */
export const plainConfig = `
import { defineConfig } from 'partywall'
export default defineConfig({ database: process.env.DATABASE_URL })
`

/** A folder with these files, removed after the tests of the file. */
export async function folderWith(files: Record<string, string> = {}): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'partywall-cli-')))
  // Not onTestFinished: the tests of a file share projects.
  atFileEnd(() => rm(folder, { recursive: true, force: true }))
  await writeFiles(folder, files)
  return folder
}

/** The same with a config, unless the files contain one, and with the folders of migrations that `partywall init` makes. */
export async function project(url: string | undefined, files: Record<string, string> = {}): Promise<Project> {
  const migrations = { 'migrations/shared/.gitkeep': '', 'migrations/tenant/.gitkeep': '' }
  return inFolder(await folderWith({ 'partywall.config.ts': plainConfig, ...migrations, ...files }), url)
}

export function inFolder(folder: string, url: string | undefined): Project {
  const start = (call: string | readonly string[], { env = {} }: RunOptions = {}): ChildProcess =>
    spawn(process.execPath, [bin, ...words(call)], {
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: '', DATABASE_URL: url ?? '', ...env } as NodeJS.ProcessEnv,
    })
  return {
    folder,
    start,
    async run(call, options = {}) {
      const child = start(call, options)
      child.stdin!.end(options.input ?? '')
      return ended(child)
    },
  }
}

/** What only a program can do. What stands in the config (pool.max, defineConfig) is none of it: a person edits that file. */
export const libraryCall =
  /\btenancy\.\w|\bpool\.(?:connect|query)\b|\bclient\.\w|createTenancy|allowInactive|newMigration|\b(?!defineConfig\b)\w+\((?:fn|tenant|client|\{)/

export async function ended(child: ChildProcess): Promise<Ended> {
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')])
  return {
    code: code as number | null,
    stdout,
    stderr,
    get json() {
      return JSON.parse(stdout) as unknown
    },
  }
}

/**
 * What every failure with --json has: one document and nothing else on stdout, the same message for people on stderr, no advice that only
 * a program could follow.
 */
export function expectFailure({ code, json, stderr }: Ended, exitCode: number, errorCode: string): { readonly message: string } {
  expect(json).toEqual({ error: expect.objectContaining({ code: errorCode, message: expect.any(String) }) })
  expect(json.error.message).not.toMatch(/docs\/errors/)
  expect(json.error.message).not.toMatch(libraryCall)
  const docs = errorCode in errorCodes ? `docs/errors.md#${errorCode}` : undefined
  expect(json.error.docs).toBe(docs)
  expect(/^ {2}docs: (.*)$/m.exec(stderr)?.[1]).toBe(docs)
  expect(stderr).toContain(`error ${errorCode}: ${json.error.message}\n`)
  expect(stderr).not.toMatch(/^ {4}at /m)
  expect(code).toBe(exitCode)
  return json.error
}

function words(call: string | readonly string[]): readonly string[] {
  return typeof call === 'string' ? call.split(' ').filter((word) => word !== '') : call
}
