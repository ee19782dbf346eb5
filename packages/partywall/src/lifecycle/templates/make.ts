/** Makes the template of a kind. */
import { insertTemplate } from '../../catalog/templates/templates-store.ts'
import type { Template } from '../../catalog/templates/template.ts'
import { identifier } from '../../names/identifier.ts'
import { templateSchema } from '../../names/template-schema.ts'
import { applyToNew } from '../../migrations/apply/new-schema.ts'
import type { Transaction } from '../../ports/database.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { createSchemaSql } from '../../sql/schema-sql.ts'
import type { TemplateParts } from './template-parts.ts'
import { tenantOfTemplate } from './template-state.ts'

/** The row and the schema, in one transaction; undefined where there is one already. */
export async function insertWithSchema(
  transaction: Transaction,
  kind: string,
  name: string | null,
): Promise<Template | undefined> {
  const template = await insertTemplate(transaction, kind, name, templateSchema(kind, name))
  if (template === undefined) return undefined
  await transaction.query(createSchemaSql(template.schema))
  // Default privileges of the database may have given it to others.
  await transaction.query({ text: `revoke all on schema ${identifier(template.schema)} from public` })
  return template
}

/** An empty one: a run of migrations fills it. */
export async function makeEmpty({ catalog }: Pick<TemplateParts, 'catalog'>, kind: string): Promise<void> {
  await catalog.deploy.transaction((transaction) => insertWithSchema(transaction, kind, null))
}

/** A whole one. @param migrations as they run in the schema of a tenant */
export async function makeWhole(
  { catalog }: Pick<TemplateParts, 'catalog'>,
  kind: string,
  migrations: readonly Migration[],
): Promise<void> {
  await catalog.deploy.transaction(async (transaction) => {
    const template = await insertWithSchema(transaction, kind, null)
    if (template === undefined) return
    await applyToNew(transaction, { schema: template.schema, tenant: tenantOfTemplate(template) }, migrations)
  })
}
