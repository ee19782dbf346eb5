/**
 * What may be read in many tenants: one SELECT, by PostgreSQL's own grammar, with names of the tenant or of what all tenants share. The wall behind it is the
 * server: the transaction is read-only, and the statement has the rights of its tenant.
 */
import { TenancyError } from '../../errors.ts'
import { loadGrammar, nodeOf, type Tree } from '../../migrations/statements/grammar.ts'
import { mentionsOf } from '../../migrations/statements/mentions.ts'

/** @throws TenancyError UNSAFE_STATEMENT */
export async function assertReads(text: string, sharedSchemas: readonly string[]): Promise<void> {
  const grammar = await loadGrammar()
  const tree = text.includes('\0') ? undefined : grammar.parse(text)
  if (tree === undefined || nodeOf(tree)?.[0] !== 'SelectStmt') throw refused('it is not one SELECT')
  const writing = writes(tree)
  if (writing !== undefined) throw refused(writing)
  const allowed = new Set(['pg_catalog', 'information_schema', ...sharedSchemas])
  for (const { class: of, schema, name } of mentionsOf(tree)) {
    if (schema !== undefined && !allowed.has(schema)) {
      throw refused(
        `it names ${JSON.stringify(`${schema}.${name}`)}, which is in a schema that is not shared; a name without a schema means the table of each tenant`,
      )
    }
    if (of === 'routine' && (schema === undefined || schema === 'pg_catalog') && reachesOut.test(name)) {
      throw refused(`the function ${name} changes the session, runs a text, or acts outside of the transaction`)
    }
  }
}

/** Names of the grammar; what a user writes is never a key of the tree. */
const writing: Readonly<Record<string, string>> = {
  intoClause: 'SELECT INTO makes a table',
  lockingClause: 'it locks rows',
  InsertStmt: 'it inserts rows',
  UpdateStmt: 'it updates rows',
  DeleteStmt: 'it deletes rows',
  MergeStmt: 'it merges rows',
}

function writes(tree: unknown): string | undefined {
  if (typeof tree !== 'object' || tree === null) return undefined
  for (const [key, value] of Object.entries(tree as Tree)) {
    const found = (Array.isArray(tree) ? undefined : writing[key]) ?? writes(value)
    if (found !== undefined) return found
  }
  return undefined
}

/** A read-only transaction does not prevent what these do. */
const reachesOut = new RegExp(
  `^(?:set_config|nextval|setval|currval|lastval|pg_notify|pg_(?:try_)?advisory_\\w+|pg_(?:terminate|cancel)_backend|dblink\\w*|${[
    'lo_\\w+|loread|lowrite|pg_read_\\w+|pg_ls_\\w+|pg_stat_file|pg_file_\\w+|pg_reload_conf|pg_rotate_logfile|pg_log_backend_memory_contexts',
    '(?:query|table|cursor|schema|database)_to_xml\\w*|ts_stat|crosstab\\w*|connectby|pg_switch_wal|pg_create_\\w+|pg_drop_\\w+|pg_promote|pg_logical_\\w+',
    'pg_replication_\\w+|pg_stat_reset\\w*|pg_stat_clear_snapshot|pg_backup_\\w+|pg_export_snapshot|pg_sleep\\w*',
  ].join('|')})$`,
)

function refused(why: string): TenancyError {
  return new TenancyError(
    'UNSAFE_STATEMENT',
    `tenancy.across reads with one SELECT in each tenant, and this statement was not sent: ${why}. Use tenancy.forEach for everything else.`,
  )
}
