/** Statements about the rows of templates. */
import type { Statement } from '../../sql/statement.ts'
import type { Examined, Template } from './template.ts'

/** What `templateOfRow` reads. */
export const templateColumns = `
        template.id::text as id,
        template.kind::text as kind,
        template.name::text as name,
        template.schema::text as schema,
        template.digest::text as digest,
        template.fingerprint::text as fingerprint,
        template.reader::text as reader,
        template.contents::text as contents,
        template.unfit::text as unfit,
        (extract(epoch from template.created_at) * 1000)::text as created_at`

/** No row where there is one already. */
export function insertTemplateSql(kind: string, name: string | null, schema: string): Statement {
  return {
    text: `
      insert into partywall.templates as template (kind, name, schema)
      values ($1::text, $2::text, $3::text)
      on conflict do nothing
      returning ${templateColumns}`,
    values: [kind, name, schema],
  }
}

/** The seeds are kept with the contents. */
export function keepExaminedSql(
  { id, seeds }: Pick<Template, 'id' | 'seeds'>,
  examined: Examined | undefined,
  unfit: string | undefined,
): Statement {
  return {
    text: `
      update partywall.templates
      set digest = $2::text,
          fingerprint = $3::text,
          reader = $4::text,
          contents = $5::text::json,
          unfit = $6::text
      where id = $1::uuid`,
    values: [
      id,
      examined?.digest ?? null,
      examined?.fingerprint ?? null,
      examined?.reader ?? null,
      JSON.stringify({ ...examined?.contents, seeds }),
      unfit ?? null,
    ],
  }
}

/** Waits for work on the row. */
export function deleteTemplateSql(id: string): Statement {
  return { text: 'delete from partywall.templates where id = $1::uuid returning schema::text as schema', values: [id] }
}
