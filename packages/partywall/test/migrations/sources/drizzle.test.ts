import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import { drizzle as drizzleV1 } from 'drizzle-orm-v1/node-postgres'
import { migrate as migrateV1 } from 'drizzle-orm-v1/node-postgres/migrator'
import { drizzleMigrations } from '../../../src/orm/drizzle.ts'
import { sourceContract, stripPublic, type SourceSubject } from '../../contract/migration-source.ts'

const common = {
  entry: ['partywall/drizzle', 'drizzleMigrations'],
  source: (folder) => drizzleMigrations(folder),
  withDown: [],
  hasLines: true,
  table: '__drizzle_migrations',
} satisfies Partial<SourceSubject>

sourceContract('drizzle-kit 0.31', {
  ...common,
  folder: 'drizzle-kit-0.31.11/drizzle',
  names: ['0000_init', '0001_pages'],
  async add(folder, sql) {
    const path = join(folder, 'meta', '_journal.json')
    const journal = JSON.parse(await readFile(path, 'utf8'))
    const { idx, when } = journal.entries.at(-1)
    const tag = `000${idx + 1}_added`
    journal.entries.push({ idx: idx + 1, version: '7', when: when + 60_000, tag, breakpoints: true })
    await writeFile(path, JSON.stringify(journal, null, 2))
    await writeFile(join(folder, `${tag}.sql`), sql)
    return { name: tag, file: join(folder, `${tag}.sql`) }
  },
  migrate: (folder, { client, schema }) => migrate(drizzle({ client }), { migrationsFolder: folder, migrationsSchema: schema }),
  leaks: ['calm_books', 'mood', 'tickets'],
  prepare: stripPublic,
})

sourceContract('drizzle-kit 1.0', {
  ...common,
  folder: 'drizzle-kit-1.0.0-rc.5/drizzle',
  names: ['20261121064634_init', '20261121064703_pages'],
  async add(folder, sql) {
    const name = '20261122000000_added'
    const file = join(folder, name, 'migration.sql')
    await mkdir(join(folder, name))
    await writeFile(file, sql)
    return { name, file }
  },
  async migrate(folder, { client, schema }) {
    await migrateV1(drizzleV1({ client }), { migrationsFolder: folder, migrationsSchema: schema })
  },
  leaks: ['tickets'],
})
