/**
 * Where migrations come from, as the runner sees it: a list in the order in which they apply. Our own folder of files is one such
 * source (sources/folder.ts); the folders of other tools become others.
 */
import type { SqlTag } from '../sql/sql.ts'
import type { Queryable, Statement } from '../sql/statement.ts'
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
  /** The same source where the configuration has put it; called once, before it is listed. Absent: it needs to know nothing. */
  at?(place: SourcePlace): MigrationSource
  /** What the tool that wrote these files has applied before partywall did. Absent: nobody has. */
  readonly former?: FormerHistory | undefined
  /** How the tool is told to make a new file, as a command. Absent: `partywall migrate new` makes it. */
  readonly makeNew?: string | undefined
}

/** Where a source stands in the configuration. */
export interface SourcePlace {
  /** Relative folders start here. */
  readonly root: string
  /** It makes the shared schema, not those of tenants. */
  readonly isShared: boolean
  readonly sharedSchema: string
  readonly extraSearchPath: readonly string[]
}

/** The history that another tool has kept: of a schema that it migrated before partywall did. */
export interface FormerHistory {
  /** The tool's own table. */
  readonly table: string
  /** Where it is; absent: in the schema that is migrated, and nowhere else. A table elsewhere can be the history of one schema only. */
  readonly schema?: string | undefined
  /**
   * The names of what was applied, in the order in which it was. Called only when the table is there.
   * @param migrations as `list` gave them
   * @throws TenancyError MIGRATION_CHANGED when a file is not what the tool applied, or the tool stopped in the middle of one
   */
  read(queryable: Queryable, from: FormerTable, migrations: readonly Migration[]): Promise<readonly string[]>
}

export interface FormerTable {
  /** Quoted and with its schema, to stand behind FROM. */
  readonly table: string
  /** Of the schema whose history it is; for messages. */
  readonly schema: string
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
  /** `false`: wants to run outside of a transaction, for something that PostgreSQL does only there. Absent: runs inside of one. */
  readonly transaction?: false | undefined
  /** What the source keeps with it, to know it again in `former`. */
  readonly origin?: unknown
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
