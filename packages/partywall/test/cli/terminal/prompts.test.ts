/** Prompts on a terminal, which `script` of util-linux gives the child. They go to stderr, so stdout still holds one document. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { bin, ended, expectFailure, folderWith, project } from '../partywall.ts'

const { url } = await testDatabase()
const twoKinds = `import { defineConfig } from 'partywall'
export default defineConfig({ database: process.env.DATABASE_URL, migrations: { tenant: { default: 'migrations/tenant', big: false } } })`
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

  test('has no prompts when `tenant create` names the schema, and refuses a bad one at once', async () => {
    const { folder } = await project(url, { 'partywall.config.ts': twoKinds })
    const created = await talk(folder, 'tenant create created > out.txt', [])
    expect(created).toMatchObject({ code: 0, seen: '' })
    expect(await readFile(join(folder, 'out.txt'), 'utf8')).toMatch(/^name +created$/m)
    const refused = await talk(folder, 'tenant create Created', [])
    expect(refused.code).toBe(2)
    expect(refused.seen).toContain('error INVALID_SCHEMA_NAME')
    expect(refused.seen).not.toContain('Name for people')
  })

  test.each([
    [
      'a schema that describes itself',
      `import { z } from '${import.meta.resolve('zod')}'
       const attributes = z.object({
         paid_until: z.iso.date().optional(), on_trial: z.boolean().default(true), plan: z.enum(['free', 'pro']).default('free'),
         seats: z.int().min(1).default(5), code: z.string().regex(/^[0-9]+$/), given: z.string(),
       })`,
    ],
    [
      'a schema that only validates',
      `import * as v from '${import.meta.resolve('valibot')}'
       const attributes = v.object({
         paid_until: v.optional(v.pipe(v.string(), v.isoDate()), '2027-01-31'), on_trial: v.optional(v.boolean(), true), plan: v.optional(v.picklist(['free', 'pro']), 'free'),
         seats: v.optional(v.pipe(v.number(), v.minValue(1)), 5), code: v.pipe(v.string(), v.regex(/^[0-9]+$/)), given: v.string(),
       })`,
    ],
  ])('prompts for each attribute of %s, with its default', async (name, schema) => {
    const { folder } = await project(url, {
      'partywall.config.ts': `import { defineConfig } from 'partywall'
${schema}
export default defineConfig({ database: process.env.DATABASE_URL, tenant: { attributes } })`,
    })
    const isDescribed = name.includes('itself')
    const tenant = isDescribed ? 'described' : 'validated'
    const code: [RegExp, string] = [/"code"/, '42\r']
    const rest: [RegExp, string][] = [
      [/"paid_until"/, isDescribed ? 'soon\r' : '\r'],
      ...(isDescribed ? ([[/Invalid/, `${'\u007f'.repeat(4)}2027-01-31\r`]] satisfies [RegExp, string][]) : []),
      [/"on_trial"/, '\u001b[B\r'],
      [/"plan"/, isDescribed ? '\r' : 'pro\r'],
      [/"seats"/, '\r'],
    ]
    const said = await talk(folder, 'tenant create --set given=here --json > out.json', [
      [/Schema/, `${tenant}\r`],
      [/Name/, '\r'],
      [/Domain/, '\r'],
      ...(isDescribed ? [...rest, code] : [code, ...rest]),
    ])
    expect(said.seen).not.toContain('"given"')
    expect(said).toMatchObject({ code: 0 })
    const { attributes } = JSON.parse(await readFile(join(folder, 'out.json'), 'utf8'))
    expect(attributes).toEqual({
      paid_until: '2027-01-31',
      on_trial: false,
      plan: isDescribed ? 'free' : 'pro',
      seats: 5,
      code: '42',
      given: 'here',
    })
  })

  test('has no prompts in `init` where a config exists', async () => {
    const { folder } = await project(url)
    const { code, seen } = await talk(folder, 'init', [])
    expect(code).toBe(0)
    expect(seen).not.toContain('Domain')
  })

  test('has no prompts with --no-input, and ends with 130 at Ctrl-C', async () => {
    const { folder } = await project(url)
    expect((await talk(folder, 'tenant show --no-input', [])).code).toBe(2)
    expect((await talk(folder, 'tenant show', [[/Tenant/, '\u0003']])).code).toBe(130)
  })
})

/** The prompts of all commands: what is typed before Ctrl-D, and what the message then names. */
const prompts: [call: string, before: [RegExp, string][], prompt: RegExp, missing: string][] = [
  ['init', [], /Domain/, '--base'],
  ['tenant create', [], /Schema/, 'the argument <schema>'],
  ['tenant create', [[/Schema/, 'ended\r']], /Name/, '--name'],
  ['tenant create --name x', [[/Schema/, 'ended\r']], /Domain/, '--domain'],
  [
    'tenant create --name x',
    [
      [/Schema/, 'ended\r'],
      [/Domain/, '\r'],
    ],
    /Kind/,
    '--kind',
  ],
  ['tenant show', [], /Tenant/, 'the argument <tenant>'],
  ['domain add', [], /Tenant/, 'the argument <tenant>'],
  ['domain add acme', [], /Domain/, 'the argument <domain>'],
  ['migrate new', [], /migration/, 'the argument <name>'],
  ['migrate down --tenants', [], /Last migration/, '--to <migration>'],
  ['sql --shared', [], /SQL/, 'the argument <sql>'],
]

describe.runIf(hasTerminal)('Ctrl-D at a prompt is a missing answer', () => {
  test.each(prompts)('for partywall %s %j', async (call, before, prompt, missing) => {
    const { folder } = call === 'init' ? { folder: await folderWith() } : await project(url, { 'partywall.config.ts': twoKinds })
    const { code, seen } = await talk(folder, call, [...before, [prompt, '\u0004']])
    expect(seen).toContain(`error MISSING_ANSWER: missing ${missing}: the input ended at its prompt`)
    expect(seen).not.toContain('Warning')
    expect(code).toBe(2)
  })

  test('but within an answer it deletes a letter, as in a shell', async () => {
    const { folder } = await project(url)
    const { code, seen } = await talk(folder, 'tenant show', [[/Tenant/, 'nonexX\u001b[D\u0004\r']])
    expect(seen).toContain('No tenant has the schema "nonex"')
    expect(code).toBe(1)
  })
})

describe.concurrent('without a terminal there are no prompts', () => {
  test.each(prompts.filter(([call, before]) => before.length === 0 && call !== 'init'))(
    'for partywall %s',
    async (call, _, __, missing) => {
      const { run, start } = await project(url)
      const piped = await run(`${call} --json`, { input: 'acme\n' })
      expect(expectFailure(piped, 2, 'MISSING_ANSWER').message).toBe(`missing ${missing}`)
      const child = start(call)
      // The input ends at once, as with /dev/null.
      child.stdin!.destroy()
      expect(await ended(child)).toMatchObject({ code: 2, stderr: `error MISSING_ANSWER: missing ${missing}\n` })
    },
  )
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
