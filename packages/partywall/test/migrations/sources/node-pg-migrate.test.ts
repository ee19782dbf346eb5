import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runner } from 'node-pg-migrate'
import { nodePgMigrations } from '../../../src/orm/node-pg-migrate.ts'
import { sourceContract } from '../../contract/migration-source.ts'

sourceContract('node-pg-migrate', {
  folder: 'node-pg-migrate-9.0.0/migrations',
  entry: ['partywall/node-pg-migrate', 'nodePgMigrations'],
  source: (folder) => nodePgMigrations(folder),
  names: ['1795244501255_init', '1795244502648_pages'],
  withDown: ['1795244501255_init', '1795244502648_pages'],
  hasLines: false,
  table: 'pgmigrations',
  lock: '7241865325823964',
  leaks: [],
  async add(folder, sql) {
    const name = '1795250000000_added'
    const file = join(folder, `${name}.js`)
    await writeFile(file, `export const up = (pgm) => pgm.sql(${JSON.stringify(sql)});\n\nexport const down = () => {};\n`)
    return { name, file }
  },
  async migrate(folder, { client, schema }) {
    await runner({
      dbClient: client,
      dir: folder,
      direction: 'up',
      schema: [schema, 'public'],
      migrationsTable: 'pgmigrations',
      log: () => {},
    })
  },
})
