import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Umzug } from 'umzug'
import { umzugMigrations } from '../../../src/orm/umzug.ts'
import { sourceContract } from '../../contract/migration-source.ts'

sourceContract('Umzug', {
  folder: 'umzug-3.8.3/migrations',
  entry: ['partywall/umzug', 'umzugMigrations'],
  options: { tableName: 'SequelizeMeta' },
  source: (folder) => umzugMigrations(folder, { tableName: 'SequelizeMeta' }),
  names: ['2026.11.21T07.01.44.init.js', '2026.11.21T07.01.45.pages.sql'],
  withDown: ['2026.11.21T07.01.44.init.js', '2026.11.21T07.01.45.pages.sql'],
  hasLines: false,
  table: 'SequelizeMeta',
  leaks: [],
  async add(folder, sql) {
    const name = '2026.11.22T00.00.00.added.js'
    await writeFile(join(folder, name), `exports.up = ({ context }) => context.client.query(${JSON.stringify(sql)})\n`)
    return { name, file: join(folder, name) }
  },
  async migrate(folder, { client }) {
    // Umzug leaves the storage to the project; the table is that of its SequelizeStorage.
    await client.query('create table if not exists "SequelizeMeta" (name varchar(255) primary key)')
    const umzug = new Umzug({
      context: { client },
      logger: undefined,
      migrations: {
        glob: join(folder, '*.{js,sql}'),
        resolve: (params) =>
          params.path!.endsWith('.sql')
            ? { name: params.name, up: async () => client.query(await readFile(params.path!, 'utf8')) }
            : Umzug.defaultResolver(params),
      },
      storage: {
        logMigration: async ({ name }) => void (await client.query('insert into "SequelizeMeta" values ($1)', [name])),
        unlogMigration: async ({ name }) => void (await client.query('delete from "SequelizeMeta" where name = $1', [name])),
        executed: async () => (await client.query('select name from "SequelizeMeta" order by name')).rows.map(({ name }) => name),
      },
    })
    await umzug.up()
  },
})
