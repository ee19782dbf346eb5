/**
 * Where migrations come from, as the runner sees it: a list in the order in which they apply. partywall's own folder of files is one such
 * source (migrations/sources/folder), the folders of other tools are others (migrations/sources/tools), and an application may write its own.
 */
import type { SqlTag } from '../sql/sql.ts'
import type { Queryable, Statement } from '../sql/statement.ts'
import type { Attributes, Tenant } from '../types.ts'
import type { QueryResult, QueryResultRow } from 'pg'

/**
 * Migrations in their order. An object with `name` and `list` is enough; its SQL is sent as it is.
 * @example
 * const source: MigrationSource = {
 *   name: 'generated',
 *   list: async () => [
 *     { name: '0001_x', file: 'generated', checksum: '1', up: { kind: 'sql', text: 'create table x (id integer)', line: 1 } },
 *   ],
 * }
 * createTenancy({ migrations: { tenant: source } })
 */
export interface MigrationSource {
  /** For messages and reports: the folder, as the configuration names it. */
  readonly name: string
  /**
   * All migrations in the order in which they apply. Called once for each run, plan or new tenant,
   * so its result may be a new one each time. Must fail when the files cannot be found: no files would mean no tables.
   * @throws TenancyError INVALID_MIGRATION
   */
  list(): Promise<readonly Migration[]>
  /**
   * The same source at its place in the configuration. Called once, before it is listed. Absent: the source does not depend on its place.
   * @throws TenancyError INVALID_OPTION when the source cannot be used at this place
   */
  at?(place: SourcePlace): MigrationSource
  /** How its SQL is made fit for the schema of a tenant. Absent: what leads out of that schema is refused. */
  readonly review?: SourceReview | undefined
  /** The history of the tool that applied these files before partywall did. Absent: nothing is imported. */
  readonly imported?: ImportedHistory | undefined
  /** How a configuration writes the source, so that advice can name it with other options. Absent: advice names the options alone. */
  readonly written?: { readonly called: string; readonly folder: unknown; readonly options: object } | undefined
  /** The command with which the tool creates a new file; `partywall migrate new` runs or names it. Absent: see the tool's manual. */
  readonly makeNew?: string | undefined
}

/** How the SQL of a source is made fit for the schema of a tenant. */
export interface SourceReview {
  /**
   * What a name with `public.` in front means: `refuse` refuses one that is the tenant's own; `rewrite` removes `public.` there, because the tool
   * writes it in front of every name; `keep` leaves it, because `public` is meant. What is changed outside of the tenant's schema is always
   * refused. @default 'refuse'; 'rewrite' for the sources of other tools
   */
  readonly public?: 'refuse' | 'rewrite' | 'keep' | undefined
  /**
   * What happens to statements about extensions, which cannot be created in one tenant: `refuse` refuses the migration; `shared` leaves the
   * statements out, because the shared migrations create the extension. @default 'refuse'
   */
  readonly extensions?: 'refuse' | 'shared' | undefined
}

/** The place of a source in the configuration. */
export interface SourcePlace {
  /** Relative folders start here. */
  readonly root: string
  /** Its migrations are for the shared schema, not for tenants. */
  readonly isShared: boolean
  readonly sharedSchema: string
  readonly extraSearchPath: readonly string[]
}

/**
 * The history that another tool has kept of a schema. It is read once, for a schema that has no history of partywall's own, and becomes the
 * baseline of that schema: nothing is applied a second time. The tool's table stays as it is.
 */
export interface ImportedHistory {
  /** The name of the tool's own table. */
  readonly table: string
  /** The schema of that table. Absent: the schema that is migrated, and no other. A table elsewhere can be the history of one schema only. */
  readonly schema?: string | undefined
  /**
   * The names of the migrations that were applied, in any order: the baseline has the order of the files. Called only when the table exists.
   * @param migrations as `list` returned them
   * @throws TenancyError MIGRATION_CHANGED when a file is not what the tool applied, or the tool stopped in the middle of one
   */
  read(queryable: Queryable, from: ImportedTable, migrations: readonly Migration[]): Promise<readonly string[]>
}

/** The table that an imported history is read from. */
export interface ImportedTable {
  /** Quoted and with its schema, for a FROM clause. */
  readonly table: string
  /** The schema whose history it is; for messages. */
  readonly schema: string
}

/** One migration. It is recorded by its name and its checksum, so neither may change once it was applied anywhere. */
export interface Migration {
  /** Unique in its source and stable: the history identifies the migration by it. */
  readonly name: string
  /** The path of its file, for messages. */
  readonly file: string
  /** Changes when the content does, but not with the line endings of a checkout. The folders use SHA-256 in hexadecimal. */
  readonly checksum: string
  readonly up: Step
  /** Undoes `up`. Absent: the migration cannot be rolled back. */
  readonly down?: Step | undefined
  /** `false`: it must run outside of a transaction, because PostgreSQL refuses a statement of it inside of one. Absent: it runs inside of one. */
  readonly transaction?: false | undefined
  /** It changes objects of the shared schema on purpose, once for each tenant. Absent: such a change is refused. */
  readonly sharedObjects?: true | undefined
  /** What the source keeps with the migration, to recognize it in the imported history. */
  readonly origin?: unknown
}

/** SQL stays text until it is sent: the runner sends it to many schemas without asking the source again. */
export type Step =
  | {
      readonly kind: 'sql'
      readonly text: string
      /** Where the text starts in the file; 1 is the first line. */ readonly line: number
    }
  | { readonly kind: 'code'; readonly run: (context: MigrationContext<any>) => Promise<void> | void }

/**
 * What a migration in TypeScript receives. In the shared folder there is no tenant: `MigrationContext<undefined>`.
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

/** The client of a migration in TypeScript. It can be used until the migration ends. */
export interface MigrationClient {
  /**
   * Sends a statement in the style of pg, or one made by `sql`. One round trip.
   * @throws TenancyError RELEASED_CLIENT after the end of the migration; the errors of PostgreSQL
   */
  query<R extends QueryResultRow = QueryResultRow>(text: string, values?: readonly unknown[]): Promise<QueryResult<R>>
  query<R extends QueryResultRow = QueryResultRow>(statement: Statement): Promise<QueryResult<R>>
}
