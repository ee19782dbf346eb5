/** The rows of templates. */
import type { Queryable } from '../../sql/statement.ts'
import type { Contents, CopiedSeed, Examined, Template } from './template.ts'
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

/** @param examined undefined: only its seeds are known */
export async function keepExamined(
  queryable: Queryable,
  template: Pick<Template, 'id' | 'seeds'>,
  examined: Examined | undefined,
  unfit?: string,
): Promise<void> {
  await queryable.query(keepExaminedSql(template, examined, unfit))
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
  const { seeds = [], ...found } = JSON.parse(contents ?? '{}') as Contents & { readonly seeds?: readonly CopiedSeed[] }
  return {
    id,
    kind,
    name,
    schema,
    seeds,
    ...(digest !== null &&
      fingerprint !== null &&
      reader !== null && { examined: { digest, fingerprint, reader, contents: found } }),
    ...(unfit !== null && { unfit }),
    createdAt: new Date(Number(created_at)),
  }
}
