/**
 * The history that Prisma keeps, in `_prisma_migrations`: a row for each attempt. An attempt that never finished may have left half of its
 * changes, so a person must check the schema before anything else runs there.
 */
import type { Statement } from '../../../sql/statement.ts'
import { TenancyError } from '../../../errors.ts'
import type { ImportedHistory, ImportedTable } from '../../../ports/migration-source.ts'
import { assertUnchanged } from './file-checks.ts'

interface Row {
  readonly name: string
  readonly checksum: string
  readonly isFinished: boolean
}

export const prismaHistory: ImportedHistory = {
  table: '_prisma_migrations',
  async read(queryable, from, migrations) {
    const { rows } = await queryable.query<Row>(rowsSql(from.table))
    return rows.map(({ name, checksum, isFinished }) => {
      if (!isFinished) throw unfinished(from, name)
      const migration = migrations.find((candidate) => candidate.name === name)
      if (migration !== undefined) assertUnchanged(from, migration, migration.origin as readonly string[], checksum)
      return name
    })
  },
}

function unfinished(from: ImportedTable, name: string): TenancyError {
  return new TenancyError(
    'MIGRATION_CHANGED',
    `Prisma started the migration ${name} in the schema ${JSON.stringify(from.schema)} and did not finish it, so some of its changes may be ` +
      'there. Bring the schema to the state before or after the migration, and record which: npx prisma migrate resolve --rolled-back … or ' +
      '--applied …',
    { details: { schema: from.schema, name, problem: 'unfinished' } },
  )
}

/** Without attempts that were rolled back: Prisma keeps them as a log, and nothing of them is in the schema. */
function rowsSql(table: string): Statement {
  return {
    text: `
      select
        migration_name::text as name,
        checksum::text as checksum,
        finished_at is not null as "isFinished"
      from ${table}
      where rolled_back_at is null
      order by started_at`,
  }
}
