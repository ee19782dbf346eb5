/** Makes the content of a new schema from a template: one text, in the transaction that creates the tenant, and a look at the result. */
import type { Blueprint } from '../../blueprint/blueprint.ts'
import { readCatalogHash } from '../../blueprint/catalog-hash.ts'
import { readBlueprint } from '../../blueprint/read-blueprint.ts'
import type { Examined, Template } from '../../catalog/templates/template.ts'
import { isTenancyError, TenancyError, tenancyErrorOf } from '../../errors.ts'
import { commentText, createHistoryTexts, historyOf, recordText } from '../../migrations/history/history-sql.ts'
import { listed } from '../../migrations/plan/mismatches.ts'
import type { Transaction } from '../../ports/database.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { exactly } from '../../sql/exact-texts.ts'
import { literal } from '../../sql/literal.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import { differencesBetween } from './compare.ts'
import type { RenderedCut } from './rendered-cut.ts'
import { copyTexts, rowDigestsSql, tablesOf } from './rows-sql.ts'
import type { TemplateParts } from './template-parts.ts'

/** A template that tenants can be made of, read once for a process. */
export interface Cut {
  readonly template: Template
  readonly examined: Examined
  readonly blueprint: Blueprint
  readonly rendered: (to: string) => Promise<RenderedCut>
  /** The hashes of the catalogs' rows about schemas that were made of it, and compared with it. */
  readonly proven: Set<string>
}

/** The tenant was not made; the transaction must be rolled back. Without the template it may succeed. */
export class CutFailed extends Error {
  readonly template: Template

  constructor(template: Template, reason: string, cause?: unknown) {
    super(reason, cause === undefined ? undefined : { cause })
    this.template = template
  }
}

/** @throws CutFailed */
export async function cutInto(
  parts: Pick<TemplateParts, 'access' | 'catalog'>,
  transaction: Transaction,
  cut: Cut,
  schema: string,
  migrations: readonly Migration[],
): Promise<void> {
  const { template } = cut
  try {
    await assertRowsKept(transaction, cut)
    await transaction.send(schema, await textFor(cut, schema, migrations), '')
  } catch (error) {
    throw fallsBack(error) ? new CutFailed(template, whyFailed(error), error) : error
  }
  const hash = await readCatalogHash(transaction, schema)
  if (hash !== undefined && cut.proven.has(hash)) return
  const made = await readBlueprint(transaction, schema)
  const differences = await differencesBetween(
    parts,
    { blueprint: cut.blueprint, schema: template.schema },
    { blueprint: made, schema },
  )
  if (differences.length > 0) throw new CutFailed(template, `what was made of it differs from it: ${listed(differences)}.`)
  if (hash !== undefined) cut.proven.add(hash)
}

/**
 * Rows are copied from the template itself, so they must be those that were examined. The lock keeps a migration from recording itself until this
 * transaction ends; without its record, what it changed is not visible.
 */
async function assertRowsKept(transaction: Transaction, { template, examined, blueprint }: Cut): Promise<void> {
  const { contents, digest } = examined
  if (contents.tables.length === 0) return
  const { schema } = template
  const history = historyOf(schema)
  await transaction.query({ text: `lock table ${history} in share mode` })
  const { rows } = await transaction.query<{ digest: string | null }>({
    text: `select pg_catalog.obj_description(${literal(history)}::pg_catalog.regclass, 'pg_class') as digest`,
  })
  const found = await transaction.query<{ name: string; digest: string }>(rowDigestsSql(schema, tablesOf(blueprint)))
  const digests = new Map(found.rows.map((row) => [row.name, row.digest]))
  const isKept =
    rows[0]?.digest === digest &&
    digests.size === contents.tables.length &&
    contents.tables.every((table) => digests.get(table.name) === table.digest)
  if (!isKept) throw new CutFailed(template, 'its rows are not those that its migrations wrote.')
}

async function textFor(
  { template, examined, blueprint, rendered }: Cut,
  schema: string,
  migrations: readonly Migration[],
): Promise<string> {
  const { settings, structure, afterRows } = await rendered(schema)
  const { contents, digest } = examined
  const tables = contents.tables.map(({ name }) => name)
  const texts = [
    settings,
    // A table that hides rows from its owner fails instead of being copied in part.
    'set local row_security = off',
    structure,
    ...exactly(copyTexts(template.schema, schema, blueprint, tables, contents)),
    afterRows,
    ...createHistoryTexts(schema),
    recordText(schema, 1, migrations),
    commentText(schema, digest),
    ...['search_path', 'check_function_bodies', 'default_tablespace', 'client_min_messages', 'row_security'].map(
      (name) => `set local ${name} to default`,
    ),
  ]
  return texts.filter((text) => text !== '').join(';\n')
}

/** Not where the server has no room, is going away, or another transaction is in the way: the migrations would meet the same. */
function fallsBack(error: unknown): boolean {
  if (error instanceof CutFailed) return true
  if (isTenancyError(error)) return isTenancyError(error, 'UNSUPPORTED_OBJECT')
  const state = sqlStateOf(error)
  return state !== undefined && !/^(?:08|40|53|55|57|58)/.test(state)
}

/** Without the words of the server, which may hold values. */
function whyFailed(error: unknown): string {
  if (error instanceof CutFailed) return error.message
  const refusal = tenancyErrorOf(error)
  return refusal === undefined ? `its structure could not be made elsewhere (SQLSTATE ${sqlStateOf(error)}).` : refusal.summary
}

/** For a template that the caller named. */
export function unusable(template: string, reason: string, cause?: unknown): TenancyError {
  return new TenancyError('TEMPLATE_UNUSABLE', `No tenant was made from the template ${JSON.stringify(template)}: ${reason}`, {
    details: { template, reason },
    ...(cause !== undefined && { cause }),
  })
}
