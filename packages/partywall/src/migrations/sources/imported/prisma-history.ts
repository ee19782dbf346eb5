/**
 * What Prisma has written down of a schema, in `_prisma_migrations`: a row for each try. One that was never finished may have left
 * half of itself, and somebody must have looked at it before anything else runs there.
 */
import type { Statement } from '../../../sql/statement.ts'
import { TenancyError } from '../../../errors.ts'
import type { FormerHistory, FormerTable } from '../../../ports/migration-source.ts'
import { assertUnchanged } from './history-files.ts'

interface Row {
  readonly name: string
  readonly checksum: string
  readonly isFinished: boolean
}

export const formerPrisma: FormerHistory = {
  table: '_prisma_migrations',
  async read(queryable, from, migrations) {
    const { rows } = await queryable.query<Row>(rowsSql(from.table))
    return rows.map(({ name, checksum, isFinished }) => {
      if (!isFinished) throw stoppedIn(from, name)
      const migration = migrations.find((candidate) => candidate.name === name)
      if (migration !== undefined) assertUnchanged(from, migration, migration.origin as readonly string[], checksum)
      return name
    })
  },
}

function stoppedIn(from: FormerTable, name: string): TenancyError {
  return new TenancyError(
    'MIGRATION_CHANGED',
    `Prisma began the migration ${name} in the schema ${JSON.stringify(from.schema)} and did not finish it: some of it may be there. Bring the ` +
      'schema to where it was before or should be after, and say which it is: npx prisma migrate resolve --rolled-back … or --applied …',
    { details: { schema: from.schema, name, problem: 'unfinished' } },
  )
}

/** Tries that were rolled back are Prisma's diary, and nothing of them is there. */
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
