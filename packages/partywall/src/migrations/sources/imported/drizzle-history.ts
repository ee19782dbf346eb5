/** What Drizzle has written down of a schema: a row with a hash and a time for each migration, and since 1.0 its name. */
import type { Statement } from '../../../sql/statement.ts'
import type { FormerHistory, Migration } from '../../../ports/migration-source.ts'
import { assertUnchanged, goneSince } from './history-files.ts'

/** What a migration of drizzle-kit is known by. */
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

export function formerDrizzle(table: string, schema: string | undefined): FormerHistory {
  return {
    table,
    schema,
    async read(queryable, from, migrations) {
      const { rows } = await queryable.query<Row>(rowsSql(from.table))
      return rows.map((row) => {
        const migration = find(migrations, row)
        if (migration === undefined)
          throw goneSince(from, row.name ?? `the migration of ${row.when} with the hash ${row.hash.slice(0, 12)}`)
        assertUnchanged(from, migration, originOf(migration).hashes, row.hash)
        return migration.name
      })
    },
  }
}

/** As Drizzle 1.0 itself finds the migrations of a table that an older Drizzle made: by the time, which has lost its milliseconds. */
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

/** The column `name` came with Drizzle 1.0. */
function rowsSql(table: string): Statement {
  return {
    text: `
      select
        hash::text as hash,
        created_at::text as "when",
        pg_catalog.to_jsonb(former) ->> 'name' as name
      from ${table} as former
      order by id`,
  }
}
