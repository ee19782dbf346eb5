import { execFile } from 'node:child_process'
import { chmod, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { folderSource } from '../../../src/migrations/sources/folder/folder.ts'
import { newMigration } from '../../../src/migrations/sources/folder/new.ts'
import { folderForTest, writeFiles } from '../../support/tenants/registry.ts'

describe('folderSource', () => {
  test('lists the files in the order of their names, by code unit', async () => {
    expect(
      await names({ '0010_b.sql': 'b', '0002_z.sql': 'z', '0010_a.ts': code, '0010_B.mjs': code, '0010_a-b.js': code }),
    ).toEqual(['0002_z', '0010_B', '0010_a', '0010_a-b', '0010_b'])
  })

  test('lists none in an empty folder, and refuses one that does not exist, with its path and the root', async () => {
    expect(await names({ '.gitkeep': '' })).toEqual([])
    await expect(folderSource('/nowhere/at/all', '/nowhere').list()).rejects.toMatchObject({
      code: 'INVALID_MIGRATION',
      message: expect.stringMatching(
        /^\/nowhere\/at\/all does not exist\..*"root", which is \/nowhere\..*`false` in the place of the folder/,
      ),
      details: { file: '/nowhere/at/all' },
    })
  })

  test('ignores notes, dotfiles and declarations', async () => {
    expect(
      await names({ 'README.md': '', '.keep': '', '.hidden/x': '', '0001_a.d.ts': '', '0001_a.js.map': '', '0001_a.js': code }),
    ).toEqual(['0001_a'])
  })

  test.each<[string, Record<string, string | Uint8Array>, RegExp]>([
    ['another ending', { '0001_a.txt': 'x' }, /0001_a\.txt is not named like a migration/],
    ['no number', { 'init.sql': 'x' }, /init\.sql is not named/],
    ['a strange letter', { '0001_a b.sql': 'x' }, /is not named/],
    ['a copy by an editor', { '0001_a.sql~': 'x' }, /is not named/],
    ['one name twice', { '0001_a.sql': 'x', '0001_a.ts': code }, /0001_a\.sql and 0001_a\.ts, which have the same name/],
    [
      'numbers of two lengths',
      { '9999_a.sql': 'x', '10000_b.sql': 'x' },
      /10000_b\.sql and 9999_a\.sql, whose numbers differ in length/,
    ],
    ['a sub-folder', { 'old/0001_a.sql': 'x' }, /old is not named like a migration/],
    ['a sub-folder named like a file', { '0001_a.sql/x': 'x' }, /0001_a\.sql is a folder/],
    ['an empty file', { '0001_a.sql': ' \n\t' }, /is empty/],
    ['an empty .ts file', { '0001_a.ts': '' }, /is empty/],
    ['Latin-1', { '0001_a.sql': Buffer.from([0x2d, 0x2d, 0x20, 0xe4]) }, /is not UTF-8/],
    ['UTF-16', { '0001_a.sql': Buffer.from('\ufeffselect 1', 'utf16le') }, /is not UTF-8/],
    ['a zero byte', { '0001_a.sql': 'select 1\0' }, /zero byte/],
    ['a wrong marker', { '0001_a.sql': 'x\n-- partywall: dwon' }, /dwon/],
    ['no up', { '0001_a.mjs': 'export const x = 1' }, /exports x, but no function `up`/],
    ['a misspelt up', { '0001_a.mjs': 'export async function upp() {}' }, /Did you mean `up` by `upp`/],
    ['a down that is none', { '0001_a.mjs': `${code}; export const down = 1` }, /`down` that is not a function/],
    ['code that does not parse', { '0001_a.mjs': 'export async function (' }, /cannot be imported/],
    ['code that throws', { '0001_a.mjs': `throw new Error('no luck')` }, /cannot be imported: no luck/],
  ])('refuses %s', async (_, files, message) => {
    const listing = names(files)
    await expect(listing).rejects.toThrow(message)
    await expect(listing).rejects.toMatchObject({ code: 'INVALID_MIGRATION' })
  })

  test('refuses a broken link, and a pipe, which would be read without end', async () => {
    const linked = await folderForTest({})
    await symlink('/nowhere/at/all', join(linked, '0001_a.sql'))
    await expect(folderSource(linked).list()).rejects.toThrow('cannot be read (ENOENT)')
    const piped = await folderForTest({})
    await promisify(execFile)('mkfifo', [join(piped, '0001_a.sql')])
    await expect(folderSource(piped).list()).rejects.toThrow('not a plain file')
  })

  test.skipIf(process.getuid?.() === 0)('refuses a file that it may not read', async () => {
    const folder = await folderForTest({ '0001_a.sql': 'x' })
    await chmod(join(folder, '0001_a.sql'), 0)
    await expect(folderSource(folder).list()).rejects.toThrow('cannot be read (EACCES)')
  })

  test('refuses a file in the place of the folder', async () => {
    const folder = await folderForTest({ file: 'x' })
    await expect(folderSource(join(folder, 'file')).list()).rejects.toThrow('is a file, not a folder')
  })

  test('gives a checksum that ignores line endings and a byte order mark, and nothing else', async () => {
    const unix = await checksum('create table a ();\n-- ä\n')
    expect(await checksum('create table a ();\r\n-- ä\r\n')).toBe(unix)
    expect(await checksum('\ufeffcreate table a ();\n-- ä\n')).toBe(unix)
    expect(await checksum('create table a ();\n-- a\n')).not.toBe(unix)
    expect(await checksum('create table a ();\n\n-- ä\n')).not.toBe(unix)
    expect(unix).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('newMigration', () => {
  test('numbers the file after the last one', async () => {
    const folder = join(await folderForTest({}), 'deep', 'new')
    expect(await newMigration({ folder, name: 'Add Polls!' })).toBe(join(folder, '0001_add_polls.sql'))
    expect(await newMigration({ folder, name: 'titles', language: 'ts' })).toBe(join(folder, '0002_titles.ts'))
    expect(await newMigration({ folder, name: 'more', language: 'ts', shared: true })).toBe(join(folder, '0003_more.ts'))
    expect((await readdir(folder)).toSorted()).toEqual(['0001_add_polls.sql', '0002_titles.ts', '0003_more.ts'])
  })

  test.each([
    ['ünï', 'uni'],
    ['Größe & Länge', 'grosse_lange'],
    ['ＦＵＬＬ width №2', 'full_width_no2'],
    ['Łódź → Ærø', 'lodz_aero'],
  ])('names the file for %j in ASCII', async (name, file) => {
    const folder = await folderForTest({})
    expect(await newMigration({ folder, name })).toBe(join(folder, `0001_${file}.sql`))
  })

  test.each(['sql', 'ts'] as const)(
    'creates a file in %s that is refused until it is written, down alone excepted',
    async (language) => {
      for (const shared of [false, true]) {
        const folder = await folderForTest({})
        const path = await newMigration({ folder, name: 'titles', language, shared })
        await expect(folderSource(folder).list()).rejects.toThrow(/0001_titles\.\w+ is not written yet/)
        const template = await readFile(path, 'utf8')
        const written = language === 'sql' ? template.replace('\n\n', '\nselect 1;\n') : template.replace('{\n}', '{\n return }')
        await writeFile(path, written)
        const [migration] = await folderSource(folder).list()
        expect(migration).not.toHaveProperty('down')
      }
    },
  )

  test('numbers the file by the time in a folder whose files have times', async () => {
    const folder = await folderForTest({ '20200101000000_a.sql': 'x' })
    expect(await newMigration({ folder, name: 'b' })).toMatch(/20[2-9]\d{11}_b\.sql$/)
    await writeFiles(folder, { '99990101000000_c.sql': 'x' })
    expect(await newMigration({ folder, name: 'd' })).toMatch(/99990101000001_d\.sql$/)
  })

  test('refuses a name without letters, and a folder without a higher number', async () => {
    const folder = await folderForTest({ '9999_a.sql': 'x' })
    await expect(newMigration({ folder, name: 'b' })).rejects.toMatchObject({ code: 'INVALID_MIGRATION' })
    for (const name of ['', '  ', '../..', '日本', undefined as never]) {
      await expect(newMigration({ folder, name })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
  })
})

const code = 'export async function up() {}'

async function checksum(text: string): Promise<string> {
  const [migration] = await folderSource(await folderForTest({ '0001_a.sql': text })).list()
  return migration!.checksum
}

async function names(files: Record<string, string | Uint8Array>): Promise<string[]> {
  return (await folderSource(await folderForTest(files)).list()).map(({ name }) => name)
}
