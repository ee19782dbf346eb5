import { promises as fs } from 'node:fs'
import * as path from 'node:path'
import { Kysely, PostgresDialect } from 'kysely'
import { FileMigrationProvider, Migrator } from 'kysely/migration'
import { Pool } from 'pg'
import { kyselyMigrations } from '../../../src/orm/kysely.ts'
import { sourceContract } from '../../contract/migration-source.ts'

sourceContract('Kysely', {
  folder: 'kysely-0.29.9/migrations',
  entry: ['partywall/kysely', 'kyselyMigrations'],
  source: (folder) => kyselyMigrations(folder),
  names: ['2026_11_21_0701_init', '2026_11_21_0702_pages'],
  withDown: ['2026_11_21_0701_init', '2026_11_21_0702_pages'],
  hasLines: false,
  table: 'kysely_migration',
  lock: '3853314791062309107',
  leaks: [],
  async add(folder, sql) {
    const name = '2026_11_22_0000_added'
    const file = path.join(folder, `${name}.ts`)
    const text = `import { CompiledQuery, type Kysely } from 'kysely'
export async function up(db: Kysely<any>): Promise<void> {
  await db.executeQuery(CompiledQuery.raw(${JSON.stringify(sql)}))
}
`
    await fs.writeFile(file, text)
    return { name, file }
  },
  async migrate(folder, { url, schema }) {
    const pool = new Pool({ connectionString: url, options: `-c search_path=${schema},public` })
    const db = new Kysely<any>({ dialect: new PostgresDialect({ pool }) })
    const provider = new FileMigrationProvider({ fs, path, migrationFolder: folder, import: (file) => import(file) })
    const { error } = await new Migrator({ db, provider, migrationTableSchema: schema }).migrateToLatest()
    await db.destroy()
    if (error !== undefined) throw error
  },
})
