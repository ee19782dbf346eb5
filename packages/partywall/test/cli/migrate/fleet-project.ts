/** A project with tenants in a database of its own, for the commands that migrate them. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { Client } from 'pg'
import { onTestFinished } from 'vitest'
import { createTenancy } from '../../../src/index.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { writeFiles } from '../../support/tenants/registry.ts'
import { bin, project, type Project } from '../partywall.ts'

export interface FleetProject extends Project {
  readonly schemas: readonly string[]
  /** Writes more migration files, by their names in the folder of the tenants. */
  write(files: Record<string, string>): Promise<void>
  rows(text: string): Promise<any[]>
  /** Runs the command on a terminal: its exit code, and everything that was written there. @param answer the keys for its first question */
  onTerminal(
    call: string,
    environment?: Record<string, string>,
    answer?: { readonly to: RegExp; readonly keys: string },
  ): Promise<{ code: number; seen: string }>
}

export const pollsSql = 'create table polls (title text)\n-- partywall: down\ndrop table polls'
/** Fails where a table holds a title twice. */
export const uniqueSql = '-- one of each\ncreate table extra ();\n\nalter table polls\n  add unique (title);'

/** Tenants t01, t02, …, each with an empty table `polls`. */
export async function fleetProject(count: number, files: Record<string, string> = {}): Promise<FleetProject> {
  const { url } = await testDatabase()
  const made = await project(url, { 'migrations/tenant/0001_polls.sql': pollsSql, ...files })
  const schemas = Array.from({ length: count }, (_, index) => `t${String(index + 1).padStart(2, '0')}`)
  const tenancy = createTenancy({ database: url, root: made.folder })
  await tenancy.ready()
  for (const schema of schemas) await tenancy.tenants.create({ schema })
  await tenancy.close()
  const client = new Client(url)
  await client.connect()
  onTestFinished(() => client.end())
  return {
    ...made,
    schemas,
    write: (more) =>
      writeFiles(
        made.folder,
        Object.fromEntries(Object.entries(more).map(([name, text]) => [`migrations/tenant/${name}`, text])),
      ),
    rows: async (text) => (await client.query(text)).rows,
    onTerminal: (call, environment = {}, answer = undefined) => runOnTerminal(made.folder, url, call, environment, answer),
  }
}

/** The program that gives a child process a terminal. */
const terminal = 'script'
export const hasTerminal = spawnSync(terminal, ['--version']).stdout?.includes('util-linux') === true

async function runOnTerminal(
  folder: string,
  url: string,
  call: string,
  environment: Record<string, string>,
  answer: { readonly to: RegExp; readonly keys: string } | undefined,
): Promise<{ code: number; seen: string }> {
  const command = `stty cols 100; exec ${process.execPath} ${bin} ${call}`
  const child = spawn(terminal, ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '', CI: '', NO_COLOR: '1', TERM: 'xterm', DATABASE_URL: url, ...environment },
  })
  let seen = ''
  let isAnswered = answer === undefined
  child.stdout.on('data', (data: Buffer) => {
    seen += String(data)
    if (isAnswered || !answer!.to.test(seen)) return
    isAnswered = true
    child.stdin.write(answer!.keys)
  })
  const [code] = (await once(child, 'close')) as [number]
  return { code, seen }
}
