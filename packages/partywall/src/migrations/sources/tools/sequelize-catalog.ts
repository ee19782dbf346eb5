/**
 * Makes the functions of Sequelize that ask the catalog of the server ask about one schema. With the option `schema` most of them do; these ask about
 * "public", or about tables of that name in every schema, which are those of other tenants. Read in Sequelize 6.29 and 6.37.
 */
import { literal } from '../../../sql/literal.ts'

type Table = string | { readonly tableName: string; readonly schema?: string | undefined }
type Query = (table: Table, ...rest: any[]) => string

/** The slice of the query generator that is not in Sequelize's types. */
interface QueryGeneratorLike {
  tableExistsQuery?: Query
  showIndexesQuery: Query
  showConstraintsQuery: Query
  getForeignKeysQuery: Query
  getForeignKeyReferenceQuery: Query
  getForeignKeyReferencesQuery: (table: string, catalog?: string, schema?: string) => string
  _getForeignKeyReferencesQueryPrefix: () => string
}

/** @param generator that of one Sequelize; its methods are replaced */
export function askAboutSchema(generator: object, schema: string): void {
  const own = generator as QueryGeneratorLike
  const before = {
    tableExists: own.tableExistsQuery?.bind(own),
    indexes: own.showIndexesQuery.bind(own),
    constraints: own.showConstraintsQuery.bind(own),
    foreignKeys: own.getForeignKeysQuery.bind(own),
    reference: own.getForeignKeyReferenceQuery.bind(own),
    references: own.getForeignKeyReferencesQuery.bind(own),
    prefix: own._getForeignKeyReferencesQueryPrefix.bind(own),
  }
  const placed = (table: Table): Table => ({ tableName: nameOf(table), schema: schemaOf(table) ?? schema })
  const { tableExists } = before
  if (tableExists !== undefined) own.tableExistsQuery = (table) => tableExists(placed(table))
  own.showIndexesQuery = (table, ...rest) => before.indexes(placed(table), ...rest)
  own.showConstraintsQuery = (table, ...rest) =>
    before.constraints(nameOf(table), ...rest).replace(/;$/, ` AND table_schema = ${literal(schemaOf(table) ?? schema)};`)
  own.getForeignKeysQuery = (table, ...rest) =>
    before
      .foreignKeys(nameOf(table), ...rest)
      .replace(
        'FROM pg_class WHERE ',
        `FROM pg_class WHERE relnamespace::regnamespace::text = quote_ident(${literal(schemaOf(table) ?? schema)}) AND `,
      )
  own.getForeignKeyReferenceQuery = (table, ...rest) => before.reference(placed(table), ...rest)
  own.getForeignKeyReferencesQuery = (table, catalog, other = schema) => before.references(table, catalog, other)
  // Names of constraints are those of every tenant, so the joins need the schema, too.
  own._getForeignKeyReferencesQueryPrefix = () =>
    before
      .prefix()
      .replace('ON tc.constraint_name = kcu.constraint_name', '$& AND tc.constraint_schema = kcu.constraint_schema')
      .replace('ON ccu.constraint_name = tc.constraint_name', '$& AND ccu.constraint_schema = tc.constraint_schema')
}

function nameOf(table: Table): string {
  return typeof table === 'string' ? table : table.tableName
}

function schemaOf(table: Table): string | undefined {
  return typeof table === 'string' ? undefined : table.schema
}
