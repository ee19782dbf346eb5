/** `tenancy.templates.save`: the structure of a tenant in use, and the rows of chosen tables, as a template. */
import { readBlueprint } from '../../blueprint/read-blueprint.ts'
import { renderBlueprint } from '../../blueprint/render/render-blueprint.ts'
import { recordAction } from '../../catalog/audit/record.ts'
import type { Template } from '../../catalog/templates/template.ts'
import { keepExamined } from '../../catalog/templates/templates-store.ts'
import { assertMayMove } from '../../catalog/tenants/moves.ts'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { commentText, createHistoryTexts, recordText } from '../../migrations/history/history-sql.ts'
import { readHistory } from '../../migrations/history/history.ts'
import { listed } from '../../migrations/plan/mismatches.ts'
import { exactly } from '../../sql/exact-texts.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import type { TenantRef } from '../../types.ts'
import { doneSeedsOf, type DoneSeed } from '../steps/copied-seeds.ts'
import { examineTemplate } from './examine.ts'
import { holdTenant } from './hold-tenant.ts'
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
  /**
   * What becomes of the seeds that the tenant has run. `included`: the rows hold what they wrote, so they do not run in tenants that are made from the template. `run`:
   * they run there. It must be given where the tenant has run seeds and rows are copied, because partywall cannot know it.
   */
  readonly seeds?: 'included' | 'run' | undefined
}

export async function saveTemplate(parts: TemplateParts, name: string, options: SaveOptions): Promise<Template> {
  assertTemplateName(name)
  assertKnownKeys('templates.save', options, ['from', 'rows', 'seeds'])
  const rows = checkedRows(options.rows)
  checkedSeeds(options.seeds)
  const tenant = await parts.tenants.get(options.from)
  assertMayMove(tenant, 'migrate')
  const { deploy } = parts.catalog
  try {
    await deploy.transaction(async (transaction) => {
      // All that is read is of one moment.
      await transaction.query({ text: 'set transaction isolation level repeatable read' })
      await holdTenant(transaction, tenant, rows)
      const template = await insertWithSchema(transaction, tenant.kind, name)
      if (template === undefined) throw taken(name)
      const seeds = rows.length === 0 ? [] : copiedSeeds(await doneSeedsOf(transaction, tenant), options.seeds)
      if (seeds.length > 0) await keepExamined(transaction, { id: template.id, seeds }, undefined)
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
        ...exactly(copyTexts(tenant.schema, template.schema, blueprint, rows, { sequences })),
        ...afterRows,
        ...createHistoryTexts(template.schema),
        ...(applied.length === 0 ? [] : [recordText(template.schema, 1, applied)]),
        commentText(template.schema, digest),
      ]
      await transaction.send(template.schema, texts.join(';\n'), '')
      await recordAction(transaction, { action: 'template.saved', tenant, object: name, details: { rows } })
    })
  } catch (error) {
    const explained = explainPrivilege(
      error,
      `save the template ${JSON.stringify(name)}`,
      'Use the role that owns the tenants: the option "database.deploy".',
    )
    // Another process has saved one of this name since the snapshot was taken.
    if (sqlStateOf(error) === '40001') throw taken(name)
    throw explained instanceof TenancyError ? explained : notSaved(name, explained)
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

/** @throws TenancyError INVALID_ARGUMENT where it must be said and is not */
function copiedSeeds(done: readonly DoneSeed[], choice: unknown): readonly DoneSeed[] {
  if (choice === 'run' || done.length === 0) return []
  if (choice === 'included') return done
  const shown = done.slice(0, 5).map((seed) => seed.name)
  throw invalidSeeds(
    `must say what becomes of the seeds that the tenant has run (${shown.join(', ')}${done.length > shown.length ? ', …' : ''}): 'included' if the rows hold all that they ` +
      "wrote, so that they do not run in tenants that are made from the template; 'run' if the rows hold nothing of it.",
  )
}

function checkedSeeds(seeds: unknown): void {
  if (seeds !== undefined && seeds !== 'included' && seeds !== 'run') throw invalidSeeds("must be 'included' or 'run'.")
}

function invalidSeeds(problem: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `"seeds" of templates.save ${problem}`, {
    details: { option: 'seeds', what: 'templates.save' },
  })
}

/** `orders.id` belongs to the table orders. */
function isOfTables(ownedBy: string | null, tables: readonly string[]): boolean {
  return ownedBy !== null && tables.some((table) => ownedBy.startsWith(`${table}.`))
}

/** An error of PostgreSQL about a row quotes the row, so its text is not repeated. */
function notSaved(template: string, error: unknown): unknown {
  const state = sqlStateOf(error)
  if (state === undefined) return error
  const { constraint } = error as { constraint?: string }
  const reason =
    `PostgreSQL refused a statement (SQLSTATE ${state}${constraint === undefined ? '' : `, constraint ${constraint}`}). ` +
    (state === '23503'
      ? 'Rows refer to a table whose rows are not copied: name that table in "rows", too.'
      : state === '53200'
        ? 'The server had no room for the locks: raise max_locks_per_transaction, and restart the server.'
        : 'The log of the server says more.')
  return new TenancyError(
    'TEMPLATE_UNUSABLE',
    `The template ${JSON.stringify(template)} was not saved, and nothing of it is left: ${reason}`,
    {
      details: { template, reason },
    },
  )
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
