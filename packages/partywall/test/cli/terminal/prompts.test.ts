/** Prompts on a terminal, which `script` of util-linux gives the child. They go to stderr, so stdout still holds one document. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { bin, project } from '../partywall.ts'

const { url } = await testDatabase()
const terminal = 'script'
const hasTerminal = spawnSync(terminal, ['--version']).stdout?.includes('util-linux') === true

describe.runIf(hasTerminal)('a command on a terminal', () => {
  test('prompts for what is missing, refuses a bad answer, and takes defaults', async () => {
    const { folder } = await project(url)
    const said = await talk(folder, 'tenant create --json > out.json', [
      [/Schema/, 'Acme\r'],
      [/upper-case/, '\u007f\u007f\u007f\u007facme\r'],
      [/Name for people/, '\r'],
      [/Domain/, 'acme.example.com\r'],
    ])
    expect(said.code).toBe(0)
    expect(JSON.parse(await readFile(join(folder, 'out.json'), 'utf8'))).toMatchObject({
      schema: 'acme',
      name: 'acme',
      domains: [{ domain: 'acme.example.com' }],
    })
  })

  test('has no prompts with --no-input, and ends with 130 at Ctrl-C', async () => {
    const { folder } = await project(url)
    expect((await talk(folder, 'tenant show --no-input', [])).code).toBe(2)
    expect((await talk(folder, 'tenant show', [[/Tenant/, '\u0003']])).code).toBe(130)
  })
})

/** Types each answer when its prompt has appeared. */
async function talk(folder: string, call: string, answers: [RegExp, string][]): Promise<{ code: number; seen: string }> {
  const command = `${process.execPath} ${bin} ${call}`
  const child = spawn(terminal, ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '', CI: '', TERM: 'xterm', DATABASE_URL: url },
  })
  let seen = ''
  let from = 0
  child.stdout.on('data', (data: Buffer) => {
    seen += String(data)
    const next = answers[0]
    if (next === undefined || !next[0].test(seen.slice(from))) return
    from = seen.length
    answers.shift()
    setTimeout(() => say(next[1]), 50)
  })
  const say = (text: string): void => {
    child.stdin.write(text)
    // `script` runs until its stdin ends.
    if (answers.length === 0) setTimeout(() => child.stdin.end(), 500)
  }
  if (answers.length === 0) child.stdin.end()
  const [code] = (await once(child, 'close')) as [number]
  return { code, seen }
}
