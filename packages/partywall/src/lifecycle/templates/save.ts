/** `tenancy.templates.save`: the structure of a tenant in use, and the rows of chosen tables, as a template. */
import { readBlueprint } from '../../blueprint/read-blueprint.ts'
import { renderBlueprint } from '../../blueprint/render/render-blueprint.ts'
import { recordAction } from '../../catalog/audit/record.ts'
import type { Template } from '../../catalog/templates/template.ts'
import { assertMayMove } from '../../catalog/tenants/moves.ts'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { commentText, createHistoryTexts, recordText } from '../../migrations/history/history-sql.ts'
import { readHistory } from '../../migrations/history/history.ts'
import { listed } from '../../migrations/plan/mismatches.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import type { TenantRef } from '../../types.ts'
import { examineTemplate } from './examine.ts'
import { insertWithSchema } from './make.ts'
import { copyTexts, movedSequencesSql, tablesOf } from './rows-sql.ts'
import { assertTemplateName } from './template-name.ts'
import type { TemplateParts } from './template-parts.ts'
import { readTemplateStates } from './template-state.ts'

export interface SaveOptions {
  /** The tenant whose structure it gets. */
  readonly from: TenantRef
  /** Tables whose rows it gets, too. Each tenant that is made from it gets them: none may be secret. @default [] */
  readonly rows?: readonly string[] | undefined
}

export async function saveTemplate(parts: TemplateParts, name: string, options: SaveOptions): Promise<Template> {
  assertTemplateName(name)
  assertKnownKeys('templates.save', options, ['from', 'rows'])
  const rows = checkedRows(options.rows)
  const tenant = await parts.tenants.get(options.from)
  assertMayMove(tenant, 'migrate')
  const { deploy } = parts.catalog
  try {
    await deploy.transaction(async (transaction) => {
      // All that is read is of one moment.
      await transaction.query({ text: 'set transaction isolation level repeatable read' })
      const template = await insertWithSchema(transaction, tenant.kind, name)
      if (template === undefined) throw taken(name)
      const blueprint = await readBlueprint(transaction, tenant.schema)
      const tables = new Set(tablesOf(blueprint).map((table) => table.name))
      const unknown = rows.filter((table) => !tables.has(table))
      if (unknown.length > 0) throw unknownTables(tenant.schema, unknown)
      const { settings, structure, afterRows } = await renderBlueprint(blueprint, { from: tenant.schema, to: template.schema })
      const owned = { sequences: blueprint.sequences.filter(({ ownedBy }) => isOfTables(ownedBy, rows)) }
      const sequences =
        owned.sequences.length === 0
          ? []
          : (await transaction.query<{ name: string }>(movedSequencesSql(tenant.schema, owned))).rows.map((row) => row.name)
      const { applied, digest } = await readHistory(transaction, tenant.schema)
      const texts = [
        ...settings,
        'set local row_security = off',
        ...structure,
        ...copyTexts(tenant.schema, template.schema, blueprint, rows, { sequences }),
        ...afterRows,
        ...createHistoryTexts(template.schema),
        ...(applied.length === 0 ? [] : [recordText(template.schema, 1, applied)]),
        commentText(template.schema, digest),
      ]
      await transaction.send(template.schema, texts.join(';\n'), '')
      await recordAction(transaction, { action: 'template.saved', tenant, object: name, details: { rows } })
    })
  } catch (error) {
    throw explainPrivilege(
      error,
      `save the template ${JSON.stringify(name)}`,
      'Use the role that owns the tenants: the option "database.deploy".',
    )
  }
  const [state] = await readTemplateStates(deploy, { name })
  await examineTemplate(parts, state!)
  return (await readTemplateStates(deploy, { name }))[0]!.template
}

function checkedRows(rows: unknown): readonly string[] {
  if (rows === undefined) return []
  if (Array.isArray(rows) && rows.every((table) => typeof table === 'string')) return [...new Set(rows as string[])]
  throw new TenancyError('INVALID_ARGUMENT', '"rows" of templates.save must be a list of names of tables.', {
    details: { option: 'rows', what: 'templates.save' },
  })
}

/** `orders.id` belongs to the table orders. */
function isOfTables(ownedBy: string | null, tables: readonly string[]): boolean {
  return ownedBy !== null && tables.some((table) => ownedBy.startsWith(`${table}.`))
}

function taken(name: string): TenancyError {
  return new TenancyError(
    'INVALID_ARGUMENT',
    `There is a template ${JSON.stringify(name)} already. Drop it first, or choose another name.`,
    { details: { option: 'name', what: 'templates.save' } },
  )
}

function unknownTables(schema: string, tables: readonly string[]): TenancyError {
  return new TenancyError(
    'INVALID_ARGUMENT',
    `The tenant ${JSON.stringify(schema)} has no table ${listed(tables.map((table) => JSON.stringify(table)))}, whose rows the template should get. ` +
      'Name tables of the tenant itself; the rows of a partition come with its table.',
    { details: { option: 'rows', what: 'templates.save' } },
  )
}
