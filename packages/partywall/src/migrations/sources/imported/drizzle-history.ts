/** The history that Drizzle keeps: a row with a hash and a time for each migration, and since 1.0 its name. */
import type { Statement } from '../../../sql/statement.ts'
import type { ImportedHistory, Migration } from '../../../ports/migration-source.ts'
import { assertUnchanged, fileGone } from './file-checks.ts'

/** What identifies a migration of drizzle-kit. */
export interface DrizzleOrigin {
  /** Milliseconds since 1970. */
  readonly when: number
  readonly hashes: readonly string[]
}

interface Row {
  readonly hash: string
  readonly when: string | null
  readonly name: string | null
}

export function drizzleHistory(table: string, schema: string | undefined): ImportedHistory {
  return {
    table,
    schema,
    async read(queryable, from, migrations) {
      const { rows } = await queryable.query<Row>(rowsSql(from.table))
      return rows.map((row) => {
        const migration = find(migrations, row)
        if (migration === undefined) {
          throw fileGone(from, row.name ?? `the migration of ${row.when} with the hash ${row.hash.slice(0, 12)}`)
        }
        assertUnchanged(from, migration, originOf(migration).hashes, row.hash)
        return migration.name
      })
    },
  }
}

/**
 * As Drizzle 1.0 itself finds the migrations in a table that an older Drizzle created: by the time. The names of its folders have no
 * milliseconds, so a time in whole seconds counts, too.
 */
function find(migrations: readonly Migration[], { hash, when, name }: Row): Migration | undefined {
  if (name !== null) return migrations.find((migration) => migration.name === name)
  const time = Number(when)
  const hasHash = (migration: Migration): boolean => originOf(migration).hashes.includes(hash)
  const exact = migrations.filter((migration) => originOf(migration).when === time)
  const close = exact.length > 0 ? exact : migrations.filter((migration) => originOf(migration).when === time - (time % 1000))
  return close.length === 1 ? close[0] : (close.length > 1 ? close : migrations).find(hasHash)
}

function originOf(migration: Migration): DrizzleOrigin {
  return migration.origin as DrizzleOrigin
}

/** The column `name` came with Drizzle 1.0, so it may be missing. */
function rowsSql(table: string): Statement {
  return {
    text: `
      select
        hash::text as hash,
        created_at::text as "when",
        pg_catalog.to_jsonb(imported) ->> 'name' as name
      from ${table} as imported
      order by id`,
  }
}
