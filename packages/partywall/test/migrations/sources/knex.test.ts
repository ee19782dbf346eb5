import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { knex } from 'knex'
import { knexMigrations } from '../../../src/orm/knex.ts'
import { sourceContract } from '../../contract/migration-source.ts'

sourceContract('Knex', {
  folder: 'knex-3.3.0/migrations',
  entry: ['partywall/knex', 'knexMigrations'],
  source: (folder) => knexMigrations(folder),
  names: ['20261121070138_init.js', '20261121070140_pages.ts'],
  withDown: ['20261121070138_init.js', '20261121070140_pages.ts'],
  hasLines: false,
  table: 'knex_migrations',
  leaks: [],
  async add(folder, sql) {
    const name = '20261122000000_added.js'
    const text = `exports.up = (knex) => knex.raw(${JSON.stringify(sql)})\nexports.down = () => Promise.resolve()\n`
    await writeFile(join(folder, name), text)
    return { name, file: join(folder, name) }
  },
  async migrate(folder, { url, schema }) {
    const db = knex({ client: 'pg', connection: url, searchPath: [schema, 'public'], log: { warn: () => {} } })
    await db.migrate.latest({
      schemaName: schema,
      // Knex itself would `require` the files, which in a package that is "commonjs" needs a compiler for the second.
      migrationSource: {
        getMigrations: async () => (await readdir(folder)).toSorted(),
        getMigrationName: (file: string) => file,
        getMigration: (file: string) => import(join(folder, file)),
      },
    })
    await db.destroy()
  },
})
