/** Templates with what PostgreSQL's catalog says of their schemas. */
import { createHash } from 'node:crypto'
import { structureHashSql } from '../../blueprint/structure-sql.ts'
import { templateColumns } from '../../catalog/templates/templates-sql.ts'
import { templateOfRow, type TemplateRow } from '../../catalog/templates/templates-store.ts'
import type { Examined, Template } from '../../catalog/templates/template.ts'
import { digestColumns, withDigest } from '../../migrations/history/history-sql.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import type { Tenant } from '../../types.ts'
import { standInOf } from './stand-in.ts'

export interface TemplateState {
  readonly template: Template
  /** Null: the schema is not there. */
  readonly oid: string | null
  readonly hasHistory: boolean
  readonly digest: string | null
  /** What reads its structure now. */
  readonly reader: string
  /** What was found with its present history, and can be compared; undefined: it must be examined again. */
  readonly examined: Examined | undefined
}

/** Which templates are read. */
export interface Wanted {
  /** The template of this kind, or those of its kind that were saved. */
  readonly kind?: string
  readonly name?: string
}

/** One query. Those of kinds come first. */
export async function readTemplateStates(queryable: Queryable, wanted: Wanted = {}): Promise<readonly TemplateState[]> {
  const { rows } = await queryable.query<StateRow>(statesSql(wanted))
  return rows.map(({ oid, hasHistory, digest_now: digest, major, ...row }) => {
    const template = templateOfRow(row)
    const reader = `${reading}/${major}`
    const { examined } = template
    const isCurrent = examined?.digest === digest && examined?.reader === reader
    return { template, oid, hasHistory, digest, reader, examined: isCurrent ? examined : undefined }
  })
}

/** A template as the migrations see it. */
export function tenantOfTemplate({ id, schema, kind, createdAt }: Template): Tenant<any> {
  return standInOf(id, schema, kind, createdAt)
}

type StateRow = TemplateRow & {
  readonly oid: string | null
  readonly hasHistory: boolean
  readonly digest_now: string | null
  readonly major: string
}

function statesSql({ kind, name }: Wanted): Statement {
  return {
    text: `
      select ${templateColumns},
        namespace.oid::text as oid,
        ${digestColumns.replace('as digest', 'as digest_now')},
        (pg_catalog.current_setting('server_version_num')::integer / 10000)::text as major
      from partywall.templates as template
      left join pg_catalog.pg_namespace as namespace on namespace.nspname = template.schema::pg_catalog.name
      ${withDigest}
      where ($1::text is null or template.kind = $1::text and template.name is null)
        and ($2::text is null or template.name = $2::text)
      order by template.name nulls first, template.kind`,
    values: [kind ?? null, name ?? null],
  }
}

/** Another version of the statement may see more of a schema. */
const reading = createHash('sha256').update(structureHashSql([]).text).digest('hex').slice(0, 16)
