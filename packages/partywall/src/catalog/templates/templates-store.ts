/** The rows of templates. */
import type { Queryable } from '../../sql/statement.ts'
import type { Contents, Examined, Template } from './template.ts'
import { deleteTemplateSql, insertTemplateSql, keepExaminedSql } from './templates-sql.ts'

/** Undefined where the kind has its template, or the name is taken. */
export async function insertTemplate(
  queryable: Queryable,
  kind: string,
  name: string | null,
  schema: string,
): Promise<Template | undefined> {
  const { rows } = await queryable.query<TemplateRow>(insertTemplateSql(kind, name, schema))
  return rows[0] && templateOfRow(rows[0])
}

export async function keepExamined(
  queryable: Queryable,
  { id }: Pick<Template, 'id'>,
  examined: Examined | undefined,
  unfit?: string,
): Promise<void> {
  await queryable.query(keepExaminedSql(id, examined, unfit))
}

/** Whether it was there. */
export async function deleteTemplate(queryable: Queryable, { id }: Pick<Template, 'id'>): Promise<boolean> {
  return (await queryable.query(deleteTemplateSql(id))).rows.length > 0
}

/** All text, as `templateColumns` gives it. */
export interface TemplateRow extends Record<string, unknown> {
  readonly id: string
  readonly kind: string
  readonly name: string | null
  readonly schema: string
  readonly digest: string | null
  readonly fingerprint: string | null
  readonly reader: string | null
  readonly contents: string | null
  readonly unfit: string | null
  readonly created_at: string
}

export function templateOfRow({ id, kind, name, schema, unfit, created_at, ...row }: TemplateRow): Template {
  const { digest, fingerprint, reader, contents } = row
  const isExamined = digest !== null && fingerprint !== null && reader !== null && contents !== null
  return {
    id,
    kind,
    name,
    schema,
    ...(isExamined && { examined: { digest, fingerprint, reader, contents: JSON.parse(contents) as Contents } }),
    ...(unfit !== null && { unfit }),
    createdAt: new Date(Number(created_at)),
  }
}
