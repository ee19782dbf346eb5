/**
 * PostgreSQL's catalogs and the views of information_schema that show the objects of all schemas: which column says whose an object is, and the
 * condition that leaves only those of the schema that comes first in the search path.
 */

export interface CatalogTable {
  /** With its schema. */
  readonly name: string
  /** Columns that say which object it is, or of which schema. */
  readonly keys: ReadonlySet<string>
  /** The columns among them that hold the name of a schema. */
  readonly schemaNames: ReadonlySet<string>
  /** Leaves what is in the own schema; undefined for a table of which no condition can say it. */
  condition?(prefix: string): string
  /** Every query may see all of it. */
  readonly isGlobal?: true
  /** Where several could be limited, the one with the lowest is; last of all one that no condition can limit. */
  readonly rank: number
}

/** The table that a name in a FROM clause means; undefined for one that shows nothing of the schemas of others. */
export function catalogTable(schema: unknown, name: string): CatalogTable | undefined {
  if (schema === 'information_schema') return informationSchema.get(name)
  return schema === undefined || schema === 'pg_catalog' ? catalogs.get(name) : undefined
}

/** The schemas themselves, which every query may see; a table that is limited to one of them by its name is limited, too. */
export function globalTable(schema: unknown, name: string): CatalogTable | undefined {
  if (name === 'pg_namespace' && (schema === undefined || schema === 'pg_catalog')) return schemas
  return name === 'schemata' && schema === 'information_schema' ? schemata : undefined
}

/** A column that holds the name of a schema, in whatever table. */
export function isSchemaName(column: string): boolean {
  return schemaNameColumns.has(column)
}

/** The schema that is the first of the path. A name may have characters that regnamespace takes only in quotes. */
const ownSchema = 'quote_ident(current_schema())::regnamespace'

/** Objects of a schema, by the column with the object id of that schema, and further columns that identify the object. */
const inSchema = (namespace: string, ...keys: string[]): Shape => ({
  keys: ['oid', namespace, ...keys],
  condition: (prefix) => `${prefix}${namespace} = ${ownSchema}`,
})

/** Parts of a table, by the column with the object id of the table. */
const ofRelation = (relation: string, ...keys: string[]): Shape => ({
  keys: [relation, ...keys],
  condition: (prefix) => `${prefix}${relation} in (select oid from pg_catalog.pg_class where relnamespace = ${ownSchema})`,
})

const ofType = (type: string, ...keys: string[]): Shape => ({
  keys: [type, ...keys],
  condition: (prefix) => `${prefix}${type} in (select oid from pg_catalog.pg_type where typnamespace = ${ownSchema})`,
})

/** Views with the name of the schema in a column. */
const withSchemaName = (column: string, ...others: string[]): Shape => ({
  keys: [column, ...others],
  schemaNames: [column, ...others],
  condition: (prefix) => `${prefix}${column} = current_schema()`,
})

const statisticsView: Shape = {
  ...withSchemaName('schemaname'),
  keys: ['schemaname', 'relid', 'indexrelid', 'funcid'],
}

/** A number alone says nothing of the schema. */
const byNumber = (...keys: string[]): Shape => ({ keys })

interface Shape {
  readonly keys: readonly string[]
  readonly schemaNames?: readonly string[]
  readonly condition?: (prefix: string) => string
}

/** In the order in which they are limited: a constraint before the tables that it refers to, which may be shared ones. */
const catalogShapes: Readonly<Record<string, Shape>> = {
  pg_constraint: inSchema('connamespace', 'conrelid', 'confrelid', 'conindid', 'contypid'),
  pg_index: ofRelation('indrelid', 'indexrelid'),
  pg_trigger: ofRelation('tgrelid', 'oid'),
  pg_policy: ofRelation('polrelid', 'oid'),
  pg_rewrite: ofRelation('ev_class', 'oid'),
  pg_attrdef: ofRelation('adrelid', 'oid'),
  pg_attribute: ofRelation('attrelid'),
  pg_inherits: ofRelation('inhrelid', 'inhparent'),
  pg_sequence: ofRelation('seqrelid'),
  pg_partitioned_table: ofRelation('partrelid'),
  pg_foreign_table: ofRelation('ftrelid'),
  pg_statistic: ofRelation('starelid'),
  pg_publication_rel: ofRelation('prrelid', 'oid'),
  pg_statistic_ext: inSchema('stxnamespace', 'stxrelid'),
  pg_class: inSchema('relnamespace'),
  pg_enum: ofType('enumtypid', 'oid'),
  pg_range: ofType('rngtypid'),
  pg_aggregate: {
    keys: ['aggfnoid'],
    condition: (prefix) => `${prefix}aggfnoid in (select oid from pg_catalog.pg_proc where pronamespace = ${ownSchema})`,
  },
  pg_operator: inSchema('oprnamespace'),
  pg_opclass: inSchema('opcnamespace'),
  pg_opfamily: inSchema('opfnamespace'),
  pg_conversion: inSchema('connamespace'),
  pg_ts_config: inSchema('cfgnamespace'),
  pg_ts_dict: inSchema('dictnamespace'),
  pg_ts_parser: inSchema('prsnamespace'),
  pg_ts_template: inSchema('tmplnamespace'),
  pg_proc: inSchema('pronamespace'),
  pg_type: inSchema('typnamespace', 'typrelid'),
  pg_collation: inSchema('collnamespace'),
  pg_description: byNumber('objoid'),
  pg_seclabel: byNumber('objoid'),
  pg_depend: byNumber('objid', 'refobjid'),
  pg_shdepend: byNumber('objid', 'refobjid'),
}

const viewsWithSchemaName =
  'pg_indexes pg_tables pg_views pg_matviews pg_sequences pg_policies pg_rules pg_stats pg_stats_ext pg_stats_ext_exprs pg_publication_tables'
const statisticsViews = ['stat_all', 'stat_user', 'stat_xact_all', 'stat_xact_user', 'statio_all', 'statio_user'].flatMap(
  (prefix) => ['tables', 'indexes', 'sequences', 'functions'].map((objects) => `pg_${prefix}_${objects}`),
)

/** The column to limit by comes first. */
const informationSchemaColumns = `
  attributes udt_schema
  check_constraints constraint_schema
  collation_character_set_applicability collation_schema
  collations collation_schema
  column_column_usage table_schema
  column_domain_usage domain_schema table_schema
  column_options table_schema
  column_privileges table_schema
  column_udt_usage table_schema udt_schema
  columns table_schema
  constraint_column_usage constraint_schema table_schema
  constraint_table_usage constraint_schema table_schema
  data_type_privileges object_schema
  domain_constraints constraint_schema domain_schema
  domain_udt_usage domain_schema udt_schema
  domains domain_schema
  element_types object_schema
  foreign_table_options foreign_table_schema
  foreign_tables foreign_table_schema
  key_column_usage constraint_schema table_schema
  parameters specific_schema
  referential_constraints constraint_schema
  role_column_grants table_schema
  role_routine_grants routine_schema specific_schema
  role_table_grants table_schema
  role_udt_grants udt_schema
  role_usage_grants object_schema
  routine_column_usage routine_schema specific_schema
  routine_privileges routine_schema specific_schema
  routine_routine_usage routine_schema specific_schema
  routine_sequence_usage routine_schema specific_schema
  routine_table_usage routine_schema specific_schema
  routines routine_schema specific_schema
  sequences sequence_schema
  table_constraints constraint_schema table_schema
  table_privileges table_schema
  tables table_schema
  triggered_update_columns trigger_schema event_object_schema
  triggers trigger_schema event_object_schema
  udt_privileges udt_schema
  usage_privileges object_schema
  user_defined_types user_defined_type_schema
  view_column_usage view_schema
  view_routine_usage table_schema
  view_table_usage view_schema
  views table_schema`

const catalogs = new Map(
  [
    ...Object.entries(catalogShapes),
    ...viewsWithSchemaName.split(' ').map((name) => [name, withSchemaName('schemaname')] as const),
    ...statisticsViews.map((name) => [name, statisticsView] as const),
  ].map(([name, shape], rank) => [name, tableOf(`pg_catalog.${name}`, shape, rank)]),
)

const informationSchema = new Map(
  informationSchemaColumns
    .trim()
    .split('\n')
    .map((line, rank) => {
      const [name, column, ...others] = line.trim().split(' ')
      return [name!, tableOf(`information_schema.${name}`, withSchemaName(column!, ...others), rank)]
    }),
)

const schemas = tableOf('pg_catalog.pg_namespace', { keys: ['oid', 'nspname'], schemaNames: ['nspname'] }, 1000, true)
const schemata = tableOf('information_schema.schemata', { keys: ['schema_name'], schemaNames: ['schema_name'] }, 1000, true)

const schemaNameColumns = new Set([
  'nspname',
  'schema_name',
  ...[...catalogs.values(), ...informationSchema.values()].flatMap(({ schemaNames }) => [...schemaNames]),
])

function tableOf(name: string, { keys, schemaNames = [], condition }: Shape, rank: number, isGlobal = false): CatalogTable {
  return {
    name,
    keys: new Set(keys),
    schemaNames: new Set(schemaNames),
    rank: condition === undefined ? rank + 1000 : rank,
    ...(condition && { condition }),
    ...(isGlobal && { isGlobal }),
  }
}
