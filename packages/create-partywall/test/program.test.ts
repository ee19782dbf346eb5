/** The program from outside: what it writes, what it refuses, and that nothing half-made is left. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { choose } from '../src/choose.ts'
import { flagsOf } from '../src/flags.ts'
import { writeProject } from '../src/write.ts'

const bin = fileURLToPath(new URL('../bin/create-partywall.js', import.meta.url))

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'create-partywall-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

function create(folder: string, ...args: string[]) {
  const env = { ...process.env, npm_config_user_agent: 'npm/11.0.0 node/v24' }
  return spawnSync(process.execPath, [bin, ...args], { cwd: folder, encoding: 'utf8', env, input: '' })
}

/** What the program ends with where no terminal is there. */
async function refusal(args: string[]): Promise<unknown> {
  return choose(flagsOf(args))
}

describe('by flags', () => {
  test('writes the project, and says what to run', async () => {
    const folder = await emptyFolder()
    const { status, stdout, stderr } = create(folder, 'my-app', '--framework', 'hono', '--orm', 'drizzle', '--auth', 'jwt')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/ {2}cd my-app\n {2}npm install\n {2}npm start/)
    const { name, dependencies } = JSON.parse(readFileSync(join(folder, 'my-app/package.json'), 'utf8'))
    expect([name, Object.keys(dependencies)]).toEqual([
      'my-app',
      ['@hono/node-server', 'drizzle-orm', 'hono', 'jose', 'partywall', 'pg'],
    ])
    expect(readFileSync(join(folder, 'my-app/README.md'), 'utf8')).toContain('# my-app\n\nHono, Drizzle and JWT on')
    expect(existsSync(join(folder, 'my-app/.gitignore'))).toBe(true)
    // Nothing was installed, and no draft is left.
    expect([readdirSync(folder), existsSync(join(folder, 'my-app/node_modules'))]).toEqual([['my-app'], false])
  })

  test('takes the first of each choice with --yes, in a folder of a folder, and in an empty one that is there', async () => {
    const folder = await emptyFolder()
    expect(create(folder, 'apps/first', '--yes').status).toBe(0)
    expect(readFileSync(join(folder, 'apps/first/src/app.ts'), 'utf8')).toContain("from 'partywall/express'")
    mkdirSync(join(folder, 'second'))
    expect(create(join(folder, 'second'), '.', '-y').stdout).not.toContain('cd ')
    expect(existsSync(join(folder, 'second/src/app.ts'))).toBe(true)
  })

  test('--help and --version', async () => {
    const folder = await emptyFolder()
    expect(create(folder, '--help').stdout).toContain('--framework <name>  express, fastify, hono, nest, next')
    expect(create(folder, '--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  test.each([
    [[], 'Missing: the folder, --framework, --orm, --auth'],
    [['my-app'], 'Missing: --framework, --orm, --auth'],
    [['--yes'], 'Missing: the folder'],
    [['a', 'b', '--yes'], 'There is one folder'],
    [['a', '--framework', 'rails', '--yes'], '--framework is one of express'],
    [['a', '--orm', '__proto__', '--yes'], '--orm is one of'],
    [['a', '--frobnicate'], "Unknown option '--frobnicate'"],
    [['', '--yes'], 'Name a folder'],
    [['My-App', '--yes'], 'lower-case letters'],
    [['.hidden', '--yes'], 'begins with a letter'],
    [['../-x', '--yes'], 'begins with a letter'],
    [['a b', '--yes'], 'lower-case letters'],
    [['naïve', '--yes'], 'lower-case letters'],
    [['\u202eppa', '--yes'], '"?ppa"'],
    [['node_modules', '--yes'], '"node_modules" cannot be'],
    [['partywall', '--yes'], '"partywall" cannot be'],
    [['a'.repeat(101), '--yes'], 'more than 100 characters'],
    [['/', '--yes'], 'cannot be the name'],
  ])('refuses %j', async (args, message) => {
    await expect(refusal(args)).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(message) })
  })

  test('says in one line why it refuses, and ends with 2', async () => {
    const folder = await emptyFolder()
    const { status, stdout, stderr } = create(folder, 'My-App', '--yes')
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^create-partywall: "My-App" cannot be the name of a package: .+\n$/)
    expect(readdirSync(folder)).toEqual([])
  })

  test('overwrites nothing', async () => {
    const folder = await emptyFolder()
    mkdirSync(join(folder, 'full'))
    writeFileSync(join(folder, 'full/notes.txt'), 'mine')
    writeFileSync(join(folder, 'file'), 'mine')
    symlinkSync(join(folder, 'full'), join(folder, 'link'))
    symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'))
    for (const [name, message] of [
      ['full', 'is not empty'],
      ['file', 'is no folder'],
      ['link', 'is no folder'],
      ['dangling', 'is no folder'],
      ['file/inside', 'ENOTDIR'],
    ] as const) {
      const { status, stderr } = create(folder, name, '--yes')
      expect([name, status !== 0, stderr]).toEqual([name, true, expect.stringContaining(message)])
    }
    expect(readFileSync(join(folder, 'full/notes.txt'), 'utf8')).toBe('mine')
    expect(readdirSync(folder).toSorted()).toEqual(['dangling', 'file', 'full', 'link'])
  })

  test('--install runs the package manager of the caller in the project, and keeps the project when it fails', async () => {
    const folder = await emptyFolder()
    const tools = await emptyFolder()
    writeFileSync(join(tools, 'pnpm'), '#!/bin/sh\npwd\necho "called with $*"\nexit 7\n')
    chmodSync(join(tools, 'pnpm'), 0o755)
    const env = { ...process.env, PATH: `${tools}:${process.env['PATH']}`, npm_config_user_agent: 'pnpm/11.0.0' }
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin, 'my-app', '--yes', '--install'], {
      cwd: folder,
      encoding: 'utf8',
      env,
    })
    expect(status).toBe(1)
    expect(stdout).toMatch(/\/my-app\ncalled with install/)
    expect(stderr).toContain('"pnpm install" ended with 7')
    expect(existsSync(join(folder, 'my-app/package.json'))).toBe(true)
  })
})

test('a failure in the middle leaves nothing, in a new folder and in one that is there', async () => {
  const folder = await emptyFolder()
  const files = new Map([
    ['a/b.txt', 'a file'],
    ['c.txt', 'another'],
    ['a/b.txt/d.txt', 'in a file'],
  ])
  const there = join(folder, 'there')
  mkdirSync(there)
  expect(() => writeProject({ folder: join(folder, 'x/y/new'), name: 'new', exists: false }, files)).toThrow('a/b.txt')
  expect(() => writeProject({ folder: there, name: 'there', exists: true }, files)).toThrow('a/b.txt')
  expect([readdirSync(folder), readdirSync(there)]).toEqual([['there'], []])
})

test('a folder that another program fills meanwhile is left to it', async () => {
  const folder = await emptyFolder()
  const target = { folder: join(folder, 'app'), name: 'app', exists: false }
  mkdirSync(target.folder)
  writeFileSync(join(target.folder, 'mine.txt'), 'mine')
  expect(() => writeProject(target, new Map([['a.txt', 'a']]))).toThrow('ENOTEMPTY')
  expect([readdirSync(folder), readdirSync(target.folder)]).toEqual([['app'], ['mine.txt']])
})

const hasTerminal = spawnSync('script', ['--version']).stdout?.includes('util-linux') === true

describe.runIf(hasTerminal)('on a terminal', () => {
  test('asks for what is missing', async () => {
    const folder = await emptyFolder()
    const { code, seen } = await talk(folder, '', [
      [/Name of the project/, 'My\r'],
      [/lower-case/, '\u007f\u007fmy\r'],
      [/Framework/, '\u001b[B\u001b[B\r'],
      [/How do you query/, '\u001b[B\r'],
      [/Sign-in/, '\r'],
    ])
    expect(code).toBe(0)
    expect(seen).toContain('cd my')
    const { dependencies } = JSON.parse(readFileSync(join(folder, 'my/package.json'), 'utf8'))
    expect(Object.keys(dependencies)).toEqual(['@hono/node-server', 'drizzle-orm', 'hono', 'partywall', 'pg'])
  })

  test.each([
    ['Ctrl-C at the first question', [[/Name/, '\u0003']]],
    ['Ctrl-D at the first question', [[/Name/, '\u0004']]],
    [
      'Ctrl-C at the last question',
      [
        [/Name/, 'my-app\r'],
        [/Framework/, '\r'],
        [/query/, '\r'],
        [/Sign-in/, '\u0003'],
      ],
    ],
    [
      'Ctrl-D at the last question',
      [
        [/Name/, 'my-app\r'],
        [/Framework/, '\r'],
        [/query/, '\r'],
        [/Sign-in/, '\u0004'],
      ],
    ],
  ] satisfies [string, [RegExp, string][]][])('%s leaves nothing', async (_, lines) => {
    const folder = await emptyFolder()
    const { code, seen } = await talk(folder, '', lines)
    expect([code, seen]).toEqual([130, expect.stringContaining('Nothing was written.')])
    expect(readdirSync(folder)).toEqual([])
  })

  test('asks nothing with --yes', async () => {
    const folder = await emptyFolder()
    const { code, seen } = await talk(folder, 'my-app --yes --framework next', [])
    expect([code, seen.includes('Framework')]).toEqual([0, false])
  })
})

/** Types each answer when its question is on the screen. */
async function talk(folder: string, call: string, lines: readonly [RegExp, string][]): Promise<{ code: number; seen: string }> {
  const child = spawn('script', ['-qec', `${process.execPath} ${bin} ${call}`, '/dev/null'], {
    cwd: folder,
    env: { ...process.env, TERM: 'xterm', NO_COLOR: '1', npm_config_user_agent: '' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  const waiting = [...lines]
  let seen = ''
  let since = 0
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen += text
    const [next] = waiting
    if (next === undefined || !next[0].test(seen.slice(since))) return
    waiting.shift()
    since = seen.length
    child.stdin.write(next[1])
  })
  const [code] = await ended
  return { code, seen }
}
