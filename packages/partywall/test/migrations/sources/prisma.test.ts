import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { prismaMigrations } from '../../../src/orm/prisma.ts'
import { checksumOf } from '../../../src/migrations/sources/migration-text.ts'
import { sourceContract, type ToolPlace } from '../../contract/migration-source.ts'
import { fixture } from '../../support/fixtures.ts'

sourceContract('Prisma 7', {
  folder: 'prisma-7.10.0/migrations',
  entry: ['partywall/prisma', 'prismaMigrations'],
  source: (folder) => prismaMigrations(folder),
  names: ['20261121070000_init', '20261121070500_pages'],
  withDown: [],
  lacks: ['calm_books', 'tickets'],
  hasLines: true,
  table: '_prisma_migrations',
  lock: '72707369',
  leaks: [],
  async add(folder, sql) {
    const name = '20261122000000_added'
    const file = join(folder, name, 'migration.sql')
    await mkdir(join(folder, name))
    await writeFile(file, sql)
    return { name, file }
  },
  migrate: deploy,
})

/**
 * What `prisma migrate deploy` does. Its engine is a binary that npm does not bring, so here are the statements that the engine of
 * 7.10.0 sent when the fixture was made; see the README there.
 */
async function deploy(folder: string, { client }: ToolPlace): Promise<void> {
  await client.query(await readFile(fixture('prisma-7.10.0/_prisma_migrations.sql'), 'utf8'))
  for (const name of (await readdir(folder)).filter((entry) => !entry.endsWith('.toml')).toSorted()) {
    const text = await readFile(join(folder, name, 'migration.sql'), 'utf8')
    const id = randomUUID()
    await client.query(
      'insert into "_prisma_migrations" ("id", "checksum", "started_at", "migration_name") values ($1, $2, $3, $4)',
      [id, checksumOf(text), new Date(), name],
    )
    await client.query(text)
    await client.query('update "_prisma_migrations" set "applied_steps_count" = ("applied_steps_count" + 1) where "id" = $1', [
      id,
    ])
    await client.query('update "_prisma_migrations" set "finished_at" = $1 where "id" = $2', [new Date(), id])
  }
}
