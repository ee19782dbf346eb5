/** The first minutes with partywall, on the embedded PostgreSQL: an empty folder, `init`, a tenant, a statement; and `dev`. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { serverProcesses } from '../../../src/embedded/server-processes.ts'
import { ended, expectFailure, folderWith, inFolder } from '../partywall.ts'

test('init leads from an empty folder to a tenant with a table', { timeout: 60_000 }, async () => {
  const folder = await folderWith({ 'package.json': '{ "type": "commonjs" }', '.gitignore': 'node_modules' })
  const { run, start } = inFolder(folder, undefined)

  const begun = await run('init --json --no-input')
  expect(begun.code).toBe(0)
  expect(begun.json).toEqual({
    folder,
    written: ['partywall.config.ts', 'migrations/shared/.gitkeep', 'migrations/tenant/.gitkeep', '.env.example'],
    changed: ['.gitignore'],
    kept: [],
  })
  expect(begun.stderr).toContain('npm install partywall pg')
  expect(await readFile(join(folder, '.gitignore'), 'utf8')).toBe('node_modules\n.partywall/\n.env\n')

  const { file } = (await run('migrate new notes --json')).json
  await writeFile(file, 'create table notes (body text)')
  const created = await run('tenant create acme --name Acme --json')
  expect(created).toMatchObject({ code: 0 })
  expect(created.json).toMatchObject({ schema: 'acme', name: 'Acme', migrations: { head: '0001_notes' } })
  expect(created.stderr).toContain('preparing embedded PostgreSQL')
  expect(await serverOf(folder)).toEqual([])

  const dev = start('dev --json')
  const [line] = (await once(createInterface({ input: dev.stdout! }), 'line')) as [string]
  expect(line).toBe('{')
  const inserted = await run(['sql', '--tenant', 'acme', '--json', "insert into notes values ('one') returning body"])
  expect(inserted.json.rows).toEqual([{ body: 'one' }])
  expect(await serverOf(folder)).not.toEqual([])
  const stopped = once(dev, 'close')
  dev.kill('SIGINT')
  expect(await stopped).toEqual([0, null])
  expect(await serverOf(folder)).toEqual([])
})

test('dev prints the URL, runs until a signal, and fails when its server is stopped', { timeout: 60_000 }, async () => {
  const folder = await folderWith({})
  const { run, start } = inFolder(folder, undefined)
  await run('init')
  const dev = start('dev')
  const end = ended(dev)
  const [url] = (await once(createInterface({ input: dev.stdout! }), 'line')) as [string]
  const client = new Client(url)
  await client.connect()
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  await client.end()
  dev.kill('SIGTERM')
  expect((await end).code).toBe(0)
  expect(await serverOf(folder)).toEqual([])

  const again = start('dev')
  const lost = ended(again)
  await once(createInterface({ input: again.stdout! }), 'line')
  process.kill((await serverOf(folder))[0]!, 'SIGINT')
  expect(await lost).toMatchObject({ code: 1, stderr: expect.stringContaining('error EMBEDDED_FAILED: ') })
})

test(
  'dev warns of no client that it holds itself, and leaves no server behind when it gets several signals',
  { timeout: 60_000 },
  async () => {
    const folder = await folderWith({
      'partywall.config.ts': `import { defineConfig } from 'partywall'\nexport default defineConfig({ pool: { warnWhenHeldMs: 50 } })`,
      'migrations/shared/.gitkeep': '',
      'migrations/tenant/.gitkeep': '',
    })
    const dev = inFolder(folder, undefined).start('dev')
    const end = ended(dev)
    await once(createInterface({ input: dev.stdout! }), 'line')
    await sleep(200)
    for (let signals = 0; signals < 3; signals++) {
      dev.kill('SIGINT')
      await sleep(20)
    }
    const { code, stderr } = await end
    expect(code).toBe(0)
    expect(stderr).not.toContain('PARTYWALL_HELD_CLIENT')
    expect(await serverOf(folder)).toEqual([])
  },
)

test('init keeps existing files', async () => {
  const folder = await folderWith({
    'partywall.config.mts': 'export default {}',
    'migrations/tenant/0001_a.sql': 'select 1',
    '.env.example': 'A=1',
    '.gitignore': '/.partywall\n.env\n',
  })
  const { run } = inFolder(folder, undefined)
  const begun = await run('init --json --base Example.com')
  expect(begun.json).toMatchObject({
    written: ['migrations/shared/.gitkeep'],
    changed: [],
    kept: ['partywall.config.mts', 'migrations/tenant/.gitkeep', '.env.example', '.gitignore'],
  })
  expect(existsSync(join(folder, 'partywall.config.ts'))).toBe(false)
  expect(await readFile(join(folder, '.env.example'), 'utf8')).toBe('A=1')
  expectFailure(await run(['init', '--json', '--base', "x'y"]), 2, 'USAGE')
  expectFailure(await run('init --json --config x.ts'), 2, 'USAGE')
})

test('init says that it did not use --base where a config exists', async () => {
  const { run } = inFolder(await folderWith({ 'partywall.config.ts': 'export default {}' }), undefined)
  expect((await run('init --base example.com')).stderr).toContain('partywall.config.ts exists, so --base was not used')
  expect((await run('init')).stderr).not.toContain('--base')
})

test.each([
  ['{ "type": "module" }', 'import.meta.dirname', undefined],
  ['{ "type": "commonjs" }', 'import.meta.dirname', 'rename the config to partywall.config.mts'],
  ['{}', 'import.meta.dirname', 'npm pkg set type=module'],
  ['{ "dependencies": { "next": "16" } }', 'process.cwd()', undefined],
  ['{ "type": "commonjs", "devDependencies": { "next": "16" } }', 'process.cwd()', 'npm pkg delete type'],
])(
  'init in a package %s writes a root that its config can have, and advises about the type of modules',
  async (json, root, advice) => {
    const folder = await folderWith({ 'package.json': json })
    const { stderr } = await inFolder(folder, undefined).run('init')
    expect(await readFile(join(folder, 'partywall.config.ts'), 'utf8')).toContain(`root: ${root},`)
    if (advice === undefined) expect(stderr).not.toMatch(/\btype\b/)
    else expect(stderr).toContain(advice)
  },
)

/** The processes of the embedded server in this folder. */
function serverOf(folder: string): Promise<number[]> {
  return serverProcesses(join(folder, '.partywall/postgres/data'))
}
