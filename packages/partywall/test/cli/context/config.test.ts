/** How the config file is found and read, and the errors when it is not a config. `migrate new` needs a config and no database. */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { expectFailure, inFolder, plainConfig, project } from '../partywall.ts'

const javascript = `export default { database: process.env.DATABASE_URL }`

describe.concurrent('a broken config is refused, with its file and the fix', () => {
  test.each([
    ['export const config = {}', 'CONFIG_INVALID', /exports config, but its default export/],
    ['export {}', 'CONFIG_INVALID', /exports nothing/],
    ['export default 5', 'CONFIG_INVALID', /default export/],
    ['throw new Error("no postgres://me:sekret@there today")', 'CONFIG_INVALID', /no postgres:\/\/me:\*\*\*@there today/],
    ['export default {', 'CONFIG_INVALID', /partywall\.config\.ts:/],
    ['import "./missing.ts"; export default {}', 'CONFIG_INVALID', /missing\.ts.*with its ending/],
    ['import "no-such-package"; export default {}', 'CONFIG_INVALID', /no-such-package.*Install/],
    ['enum Plan { Free }\nexport default {}', 'CONFIG_INVALID', /enum.*removing the types/s],
    ['export default { databse: "" }', 'INVALID_OPTION', /partywall\.config\.ts: .*Did you mean "database"/],
    [
      'import { byHost } from "partywall"; export default { resolve: [byHost({ bas: "x" })] }',
      'INVALID_OPTION',
      /Did you mean "base"/,
    ],
  ])('%j', async (text, code, message) => {
    const { run } = await project(undefined, { 'partywall.config.ts': text })
    const ended = await run('migrate new a --json')
    expectFailure(ended, 2, code)
    expect(ended.json.error.message).toMatch(message)
    expect(ended.stderr).not.toContain('sekret')
  })
})

describe.concurrent('the config', () => {
  test.each(['ts', 'mts', 'js', 'mjs'])('is found as partywall.config.%s, from folders below it', async (ending) => {
    const other = await project(undefined, { [`sub/partywall.config.${ending}`]: javascript, 'sub/deep/er/x': '' })
    const made = await inFolder(join(other.folder, 'sub/deep/er'), undefined).run('migrate new a --json')
    expect(made.json.file).toBe(join(other.folder, 'sub/migrations/tenant/0001_a.sql'))
    expect(existsSync(join(other.folder, 'migrations/tenant/0001_a.sql'))).toBe(false)
  })

  test.each(['{}', '{ "type": "commonjs" }', '{ "type": "module" }'])(
    'is an ES module beside a package.json of %s, without a warning',
    async (text) => {
      const { run } = await project(undefined, { 'package.json': text })
      const made = await run('migrate new a')
      expect(made).toMatchObject({ code: 0, stderr: '', stdout: 'migrations/tenant/0001_a.sql\n' })
    },
  )

  test('can be CommonJS where package.json says so', async () => {
    const { run, folder } = await project(undefined, {
      'package.json': '{ "type": "commonjs" }',
      'old.config.js': 'module.exports = { migrations: { tenant: "db" } }',
    })
    expect((await run('migrate new a --json --config old.config.js')).json).toEqual({ file: join(folder, 'db/0001_a.sql') })
  })

  test('can be compiled to CommonJS, with its default export beside other exports', async () => {
    const compiled = `"use strict"
      Object.defineProperty(exports, "__esModule", { value: true })
      exports.other = 1
      exports.default = { migrations: { tenant: "db" } }`
    const { run, folder } = await project(undefined, {
      'package.json': '{ "type": "commonjs" }',
      'dist/built.config.js': compiled,
    })
    const made = await run('migrate new a --json --config dist/built.config.js')
    expect(made.json).toEqual({ file: join(folder, 'dist/db/0001_a.sql') })
  })

  test('is in the root of relative paths, unless it sets one', async () => {
    const { run, folder } = await project(undefined, { 'conf/a.ts': javascript, 'conf/b.ts': 'export default { root: ".." }' })
    const [a, b] = [
      await run('--config conf/a.ts migrate new a --json'),
      await run('--config conf/b.ts migrate new a --shared --ts --json'),
    ]
    expect(a.json.file).toBe(join(folder, 'conf/migrations/tenant/0001_a.sql'))
    expect(b.json.file).toBe(join(folder, 'migrations/shared/0001_a.ts'))
  })

  test.each([
    ['partywall.config.ts', 'sub/deep', []],
    ['partywall.config.ts', '..', ['--config', 'app/partywall.config.ts']],
    ['src/partywall.config.ts', 'sub/deep', ['--config', '../../src/partywall.config.ts']],
  ])('%s sees the folder of package.json as the current one, from %s', async (config, from, flags) => {
    const { folder } = await project(undefined, {
      'app/package.json': '{}',
      [`app/${config}`]: 'export default { root: process.cwd() }',
      'app/sub/deep/x': '',
    })
    const { run } = inFolder(join(folder, 'app', from), undefined)
    const made = await run([...flags, 'migrate', 'new', 'a', '--json'])
    expect(made.json.file).toBe(join(folder, 'app/migrations/tenant/0001_a.sql'))
  })

  test('prints to stderr, never to stdout', async () => {
    const { run } = await project(undefined, {
      'partywall.config.ts': `console.log('hello'); process.stdout.write('world'); ${plainConfig}`,
    })
    const made = await run('migrate new a --json')
    expect(made.json).toHaveProperty('file')
    expect(made.stderr).toBe('hello\nworld')
  })

  test('reads .env, which does not override the environment', async () => {
    const files = {
      'partywall.config.ts': 'export default { migrations: { tenant: process.env.FOLDER } }',
      '.env': 'FOLDER=from-env-file\n',
    }
    const { run, folder } = await project(undefined, files)
    expect((await run('migrate new a --json')).json.file).toBe(join(folder, 'from-env-file/0001_a.sql'))
    expect((await run('migrate new a --json', { env: { FOLDER: 'set' } })).json.file).toBe(join(folder, 'set/0001_a.sql'))
  })

  test('is never a folder of that name', async () => {
    const { folder } = await project(undefined)
    await mkdir(join(folder, 'below/partywall.config.ts'), { recursive: true })
    const made = await inFolder(join(folder, 'below'), undefined).run('migrate new a --json')
    expect(made.json.file).toBe(join(folder, 'migrations/tenant/0001_a.sql'))
  })
})
