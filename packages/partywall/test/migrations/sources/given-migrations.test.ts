/** What every source of a tool can be given: folders that exist, several of them, the migrations themselves, an order and a filter. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Migration as MikroOrmMigration } from '@mikro-orm/migrations'
import type { QueryRunner } from 'typeorm'
import { describe, expect, test } from 'vitest'
import { drizzleMigrations } from '../../../src/orm/drizzle.ts'
import { knexMigrations } from '../../../src/orm/knex.ts'
import { kyselyMigrations } from '../../../src/orm/kysely.ts'
import { mikroOrmMigrations } from '../../../src/orm/mikro-orm.ts'
import { nodePgMigrateMigrations } from '../../../src/orm/node-pg-migrate.ts'
import { prismaMigrations } from '../../../src/orm/prisma.ts'
import { sequelizeMigrations } from '../../../src/orm/sequelize.ts'
import { typeormMigrations } from '../../../src/orm/typeorm.ts'
import { umzugMigrations } from '../../../src/orm/umzug.ts'
import type { MigrationSource } from '../../../src/ports/migration-source.ts'
import { toolFolder } from '../../support/migrations/fixtures.ts'

const up = 'exports.up = () => {}'
const typeorm = (name: string): string => `exports.${name} = class ${name} { async up() {} }`
const mikroOrm = `const { Migration } = require('@mikro-orm/migrations'); exports.X = class X extends Migration { up() {} }`

/** Of each tool: its source, and files that are migrations, of which the first belongs into a folder of its own. */
const tools: [
  string,
  (from: any, options?: any) => MigrationSource,
  first: Record<string, string>,
  others: Record<string, string>,
  string[],
][] = [
  [
    'drizzle',
    drizzleMigrations,
    { '20260102000000_b/migration.sql': 'select 1' },
    { '20260103000000_a/migration.sql': 'select 1' },
    ['20260102000000_b', '20260103000000_a'],
  ],
  [
    'Prisma',
    prismaMigrations,
    { '20260102000000_b/migration.sql': 'select 1' },
    { '20260101000000_a/migration.sql': 'select 1' },
    ['20260101000000_a', '20260102000000_b'],
  ],
  ['Knex', knexMigrations, { '2.js': up }, { '1.js': up, '3.js': up }, ['1.js', '2.js', '3.js']],
  ['Kysely', kyselyMigrations, { '2.js': up }, { '1.js': up, '3.js': up }, ['1', '2', '3']],
  ['node-pg-migrate', nodePgMigrateMigrations, { '2_b.js': up }, { '1_a.sql': 'select 1', '3_c.js': up }, ['1_a', '2_b', '3_c']],
  [
    'TypeORM',
    typeormMigrations,
    { '2.js': typeorm('B1700000000002') },
    { '1.js': typeorm('A1700000000001') },
    ['A1700000000001', 'B1700000000002'],
  ],
  ['MikroORM', mikroOrmMigrations, { '2.js': mikroOrm }, { '1.js': mikroOrm }, ['1', '2']],
  ['Umzug', umzugMigrations, { '2.js': up }, { '1.sql': 'select 1', '3.js': up }, ['1.sql', '2.js', '3.js']],
  ['Sequelize', sequelizeMigrations, { '2.js': up }, { '1.js': up }, ['1.js', '2.js']],
]

describe.each(tools)('the source of %s', (_, source, first, others, names) => {
  test('reads several folders as one, in an order of the project if it has one, and passes over what its filter leaves out', async () => {
    const base = await toolFolder({ ...inFolder('a', first), ...inFolder('b', others), 'empty/.gitkeep': '' })
    const folders = ['a', 'b', 'empty'].map((name) => join(base, name))
    const list = async (options?: object): Promise<string[]> => namesOf(source(folders, options))
    expect(await list()).toEqual(names)
    expect(await list({ order: (a: string, b: string) => (a < b ? 1 : -1) })).toEqual(names.toReversed())
    const [left] = Object.keys(first).map((file) => file.split('/')[0]!)
    expect(await list({ filter: (file: string) => file !== left })).toHaveLength(names.length - 1)
  })

  test('refuses a folder that does not exist, names its root, and takes an empty one for no migrations', async () => {
    const base = await toolFolder({})
    await mkdir(join(base, 'empty'))
    const placed = (folder: string | string[]): MigrationSource =>
      source(folder).at!({ root: base, isShared: false, sharedSchema: 'public', extraSearchPath: [] })
    expect(await placed('empty').list()).toEqual([])
    const listing = placed(['empty', 'dist/typo']).list()
    await expect(listing).rejects.toMatchObject({ code: 'INVALID_MIGRATION', details: { file: join(base, 'dist/typo') } })
    await expect(listing).rejects.toThrow(
      `${join(base, 'dist/typo')} does not exist. "dist/typo" was resolved from the root ${base}.`,
    )
    expect(placed(['empty', 'dist/typo']).name).toBe(`${join(base, 'empty')}, ${join(base, 'dist/typo')}`)
  })

  test('refuses what is neither, and options that are no functions', () => {
    for (const wrong of ['', [], ['', 'x'], ['x', 1], 1, null, undefined]) {
      expect(() => source(wrong)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', details: { option: 'folder' } }))
    }
    expect(() => source('x', { order: 1 })).toThrow('"order"')
    expect(() => source('x', { filter: /x/ })).toThrow('"filter"')
  })
})

describe('migrations that the application gives itself', () => {
  class B1700000000002 {
    async up(runner: QueryRunner): Promise<void> {
      await runner.query('select 1')
    }
    async down(): Promise<void> {}
  }
  class A1700000000001 {
    name = 'First1700000000001'
    async up(): Promise<void> {}
    async down(): Promise<void> {}
  }
  class M2 extends MikroOrmMigration {
    override up(): void {}
  }
  const module = { up: async () => {}, down: async () => {} }

  test.each<[string, MigrationSource, string[]]>([
    ['classes of TypeORM', typeormMigrations([B1700000000002, A1700000000001]), ['First1700000000001', 'B1700000000002']],
    [
      'classes of TypeORM by name',
      typeormMigrations({ B1700000000002, A1700000000001 }),
      ['First1700000000001', 'B1700000000002'],
    ],
    ['modules of Kysely', kyselyMigrations({ '2026.01_b': module, '2026.01_a': module }), ['2026.01_a', '2026.01_b']],
    ['modules of Knex', knexMigrations({ 'b.js': module, 'a.js': module }), ['a.js', 'b.js']],
    [
      'classes of MikroORM',
      mikroOrmMigrations([
        { name: 'M2', class: M2 },
        { name: 'M1', class: M2 },
      ]),
      ['M1', 'M2'],
    ],
    ['classes of MikroORM by name', mikroOrmMigrations({ M2 }), ['M2']],
    [
      'a list of Umzug, whose order stays',
      umzugMigrations([
        { name: 'b.sql', ...module },
        { name: 'a', ...module },
      ]),
      ['b.sql', 'a'],
    ],
    [
      'modules of node-pg-migrate',
      nodePgMigrateMigrations({ '10_b': module, '9_a': { up: () => {}, down: false } }),
      ['9_a', '10_b'],
    ],
    ['modules of Sequelize', sequelizeMigrations({ b: module, a: { default: module } as never }), ['a', 'b']],
  ])('are %s', async (_, source, names) => {
    const listed = await source.list()
    expect(listed.map(({ name }) => name)).toEqual(names)
    for (const { checksum } of listed) expect(checksum).toMatch(/^[0-9a-f]{64}$/)
    expect(source.name).toMatch(/^the migrations given to \w+Migrations$/)
  })

  test('have a checksum of the text of their functions', async () => {
    expect(await checksumOf({ up: () => 1 })).toBe(await checksumOf({ up: () => 1 }))
    expect(await checksumOf({ up: () => 1 })).not.toBe(await checksumOf({ up: () => 2 }))
    expect(await checksumOf({ up: () => 1 })).not.toBe(await checksumOf({ up: () => 1, config: { transaction: false } }))
  })

  test.each<[string, () => unknown]>([
    ['a list whose item has no name', () => umzugMigrations([module as never])],
    ['an object with text', () => kyselyMigrations({ a: 'text' as never })],
    ['an object of a tool whose migrations are SQL', () => prismaMigrations({ a: module } as never)],
  ])('are refused: %s', (_, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})

test('knexMigrations keeps folders apart with sortDirsSeparately', async () => {
  const base = await toolFolder({ 'z/1.js': up, 'a/2.js': up, 'z/3.js': up })
  const folders = [join(base, 'z'), join(base, 'a')]
  expect(await namesOf(knexMigrations(folders))).toEqual(['1.js', '2.js', '3.js'])
  expect(await namesOf(knexMigrations(folders, { sortDirsSeparately: true }))).toEqual(['1.js', '3.js', '2.js'])
})

test('an index file that only re-exports is passed over, also one that Node.js could not import', async () => {
  const base = await toolFolder({
    'index.ts': `import { A1700000000001 } from './1-A'\nexport const all = [A1700000000001]`,
    '1-A.js': typeorm('A1700000000001'),
  })
  expect(await namesOf(typeormMigrations(base))).toEqual(['A1700000000001'])
})

test('a class that is the default export is a migration, however it is written', async () => {
  const base = await toolFolder({
    '1.js': 'module.exports = class A1700000000001 { async up() {} }',
    '2.ts': 'export default class B1700000000002 { async up() {} }',
    '3.js':
      'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = class C1700000000003 { async up() {} }',
  })
  expect(await namesOf(typeormMigrations(base))).toEqual(['A1700000000001', 'B1700000000002', 'C1700000000003'])
})

async function checksumOf(given: object): Promise<string> {
  return (await kyselyMigrations({ a: given as { up(): void } }).list())[0]!.checksum
}

function inFolder(folder: string, files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([file, text]) => [`${folder}/${file}`, text]))
}

async function namesOf(source: MigrationSource): Promise<string[]> {
  return (await source.list()).map(({ name }) => name)
}
