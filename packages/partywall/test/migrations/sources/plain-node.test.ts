/** The errors for migrations that Node.js itself cannot run. Vitest would compile the files, so these tests start a plain Node.js. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { toolFolder } from '../../support/migrations/fixtures.ts'

const script = fileURLToPath(new URL('../../support/migrations/list-plainly.ts', import.meta.url))

test.each<[string, Record<string, string>, RegExp]>([
  [
    'a decorator',
    { 'a.ts': 'export const up = () => {}\n@x class Y {}' },
    /a\.ts cannot be imported: .*(removing the types|without a compiler)/,
  ],
  [
    'a value that its library does not export',
    { 'a.ts': `import { Nothing } from 'kysely'\nexport const up = () => Nothing()` },
    /does not provide an export named 'Nothing'.*without a compiler/,
  ],
  [
    'both kinds of modules',
    { 'a.js': `import 'kysely'\nmodule.exports = { up() {} }` },
    /do not mix `import` with `module\.exports`/,
  ],
  ['an import by `paths`', { 'a.ts': `import '@/helper'\nexport const up = () => {}` }, /knows no `paths` of tsconfig\.json/],
  ['a file that does not parse', { 'a.js': 'exports.up = (' }, /cannot be imported: .*without a compiler/],
])('Node.js cannot run %s, and the error gives the fix', async (_, files, message) => {
  expect(await list(files)).toMatch(message)
})

test.each<[string, Record<string, string>]>([
  [
    'an ES module, whatever package.json says',
    { '../package.json': '{ "type": "commonjs" }', 'a.ts': `import { sql } from 'kysely'\nexport const up = (): unknown => sql` },
  ],
  ['CommonJS, whatever package.json says', { '../package.json': '{ "type": "module" }', 'a.cjs': 'exports.up = () => {}' }],
  ['CommonJS in TypeScript', { '../package.json': '{ "type": "commonjs" }', 'a.ts': 'exports.up = (db: unknown): void => {}' }],
  [
    'types that are imported as values, also in a file that it imports',
    {
      'a.ts': `import { Kysely, type Generated, Dialect } from 'kysely'\nimport { Rows } from '../helper.ts'\nimport { Absent } from '../not/here'
        export const up = async (db: Kysely<Rows>, dialect: Dialect, x: Generated<Absent>): Promise<void> => {}`,
      '../helper.ts': `import { ColumnType } from 'kysely'\nexport interface Rows { x: ColumnType<string> }`,
    },
  ],
  [
    'imports of files beside without their endings, or with that of the compiled file, and of what needs more than removing types',
    {
      'a.ts': `import { Mood } from '../moods'\nimport { Place } from '../place.js'\nimport '../folder'\nexport const up = () => new Place(Mood.busy)
        if (up().mood !== 'b') throw new Error(up().mood)`,
      '../moods.ts': `export enum Mood { calm = 'c', busy = 'b' }`,
      '../place.ts': `import type { Mood } from './moods'\nexport class Place { constructor(readonly mood: Mood) {} }`,
      '../folder/index.ts': 'export const x: number = 1',
    },
  ],
  [
    'CommonJS in JavaScript, in a package that is "module"',
    {
      '../package.json': '{ "type": "module" }',
      'a.js': `const { sep } = require('node:path')\nif (!__filename.endsWith(sep + 'a.js') || !__dirname.endsWith('migrations')) throw new Error(__dirname)\nexports.up = () => {}`,
    },
  ],
  [
    'CommonJS in TypeScript, in a package that is "module"',
    {
      '../package.json': '{ "type": "module" }',
      'a.ts': `const path = require('node:path')\nmodule.exports = { up: async (db: unknown): Promise<void> => path }`,
    },
  ],
  [
    'a default export that a compiler has written as CommonJS',
    {
      'a.js': `Object.defineProperty(exports, "__esModule", { value: true })\nexports.default = { up() {} }`,
    },
  ],
  [
    'the output of a compiler',
    {
      'a.js':
        '"use strict";\nObject.defineProperty(exports, "__esModule", { value: true });\nexports.up = up;\nasync function up() { }',
    },
  ],
])('Node.js runs %s', async (_, files) => {
  expect(await list(files)).toBe('a')
})

/** The names that kyselyMigrations lists, or the message of its error. */
async function list(files: Record<string, string>): Promise<string> {
  const folder = await toolFolder(files)
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@partywall/source', script, folder])
  return stdout
}
