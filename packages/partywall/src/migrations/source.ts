/**
 * Where migrations come from, as the runner sees it: a list in the order in which they apply. Our own folder of files is one such
 * source (sources/folder.ts); the folders of other tools become others.
 */
import type { SqlTag } from '../database/sql.ts'
import type { Statement } from '../database/statement.ts'
import type { Attributes, Tenant } from '../types.ts'
import type { QueryResult, QueryResultRow } from 'pg'

export interface MigrationSource {
  /** For messages: the folder, as the configuration names it. */
  readonly name: string
  /**
   * All migrations in the order in which they apply; none when the folder is not there.
   * @throws TenancyError INVALID_MIGRATION
   */
  list(): Promise<readonly Migration[]>
}

export interface Migration {
  /** Unique in its source and stable: the history knows the migration by it. */
  readonly name: string
  /** The file it is in, for messages. */
  readonly file: string
  /** Changes when the content does, but not with the line endings of a checkout. */
  readonly checksum: string
  readonly up: Step
  readonly down?: Step | undefined
}

/** SQL stays text up to the end: the engine may send it to many schemas without asking the source again. */
export type Step =
  | {
      readonly kind: 'sql'
      readonly text: string
      /** Where the text begins in the file; 1 is the first line. */ readonly line: number
    }
  | { readonly kind: 'code'; readonly run: (context: MigrationContext<any>) => Promise<void> | void }

/**
 * What a migration in TypeScript is given. In the shared folder there is no tenant: `MigrationContext<undefined>`.
 * @example
 * export async function up({ client, tenant, sql }: MigrationContext) {
 *   await client.query(sql`insert into settings (title) values (${tenant.name})`)
 * }
 */
export interface MigrationContext<T extends Tenant<any> | undefined = Tenant<Attributes>> {
  /** Bound to the schema that is migrated, inside the transaction of the migration. */
  readonly client: MigrationClient
  readonly tenant: T
  readonly sql: SqlTag
}

export interface MigrationClient {
  /** A statement in the style of pg, or one made by `sql`. */
  query<R extends QueryResultRow = QueryResultRow>(text: string, values?: readonly unknown[]): Promise<QueryResult<R>>
  query<R extends QueryResultRow = QueryResultRow>(statement: Statement): Promise<QueryResult<R>>
}
