/**
 * Statements that write to PostgreSQL's own catalogs. Old histories do it, e.g. to take a value from an enum: `delete from pg_enum where …`.
 * The catalogs hold the objects of all tenants, so such a statement must be limited to those of one.
 */
import { walk, type Fields, type Tree } from '../statements/grammar.ts'
import type { Mention } from '../statements/mentions.ts'
import { queryScopes, type QueryScope } from './query-scopes.ts'

/** Whether the name means a table or a view of PostgreSQL's own: these come first in every search path. */
export function isOfCatalog({ class: of, schema, name }: Mention): boolean {
  if (of !== 'relation') return false
  return schema === 'pg_catalog' || (schema === undefined && systemRelation.test(name))
}

/** The names of catalogs of which the statement writes only rows of one tenant. */
export function limitedWrites(tree: Tree): ReadonlySet<string> {
  const written = new Map<string, boolean>()
  walk(tree, (kind, at) => {
    const target = at['relation'] as Fields | undefined
    if (!/^(?:Insert|Update|Delete|Merge)Stmt$/.test(kind) || target === undefined) return
    const name = String(target['relname'])
    const isLimited = kind === 'InsertStmt' ? isOfSchemas(target) : isLimitedBy(at, target)
    written.set(name, isLimited && written.get(name) !== false)
  })
  return new Set([...written].flatMap(([name, isLimited]) => (isLimited ? [name] : [])))
}

/** Rows of a catalog that no condition can limit, such as pg_database, are about more than one tenant. What is inserted is limited by its query. */
function isOfSchemas(target: Fields): boolean {
  return scopeOf([{ RangeVar: target }])?.items[0]?.table.condition !== undefined
}

/** As if the statement read the table that it writes to. */
function isLimitedBy(at: Fields, target: Fields): boolean {
  const others = [at['fromClause'], at['usingClause'], at['sourceRelation']].flat().filter((one) => one !== undefined)
  const scope = scopeOf([{ RangeVar: target }, ...others], at['whereClause'] ?? at['joinCondition'])
  return scope?.items.find(({ range }) => range === target)?.isLimited === true
}

function scopeOf(fromClause: readonly unknown[], whereClause?: unknown): QueryScope | undefined {
  return queryScopes({ SelectStmt: { fromClause, ...(whereClause !== undefined && { whereClause }) } }, () => false)[0]
}

const systemRelation = new RegExp(
  `^pg_(?:stat_\\w+|statio_\\w+|${(
    'aggregate aios am amop amproc attrdef attribute auth_members authid available_extensions available_extension_versions backend_memory_contexts ' +
    'cast class collation config constraint conversion cursors database db_role_setting default_acl depend description enum event_trigger ' +
    'extension file_settings foreign_data_wrapper foreign_server foreign_table group hba_file_rules ident_file_mappings index indexes inherits ' +
    'init_privs language largeobject largeobject_metadata locks matviews namespace opclass operator opfamily parameter_acl partitioned_table ' +
    'policies policy prepared_statements prepared_xacts proc publication publication_namespace publication_rel publication_tables range ' +
    'replication_origin replication_origin_status replication_slots rewrite roles rules seclabel seclabels sequence sequences settings shadow ' +
    'shdepend shdescription shmem_allocations shmem_allocations_numa shseclabel statistic statistic_ext statistic_ext_data stats stats_ext ' +
    'stats_ext_exprs subscription subscription_rel tables tablespace timezone_abbrevs timezone_names transform trigger ts_config ts_config_map ' +
    'ts_dict ts_parser ts_template type user user_mapping user_mappings views wait_events'
  ).replaceAll(' ', '|')})$`,
)
