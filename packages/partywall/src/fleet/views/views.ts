/** Views over a table of all tenants, for reports and for tools that speak SQL. They are made, and brought up to date, by the deploy role. */
import { recordAction } from '../../catalog/audit/record.ts'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { assertSchemaName, identifier } from '../../names/identifier.ts'
import type { Database, Transaction } from '../../ports/database.ts'
import { seen } from '../../seen.ts'
import { readJson } from '../../sql/json-rows.ts'
import { literal } from '../../sql/literal.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import { transactionLockSql } from '../../sql/schema-sql.ts'
import { sqlState, sqlStateOf } from '../../sql/sqlstate.ts'
import {
  columnsSql,
  createViewText,
  dropViewText,
  grantText,
  ownColumns,
  schemaStateSql,
  viewsSql,
  type ViewColumn,
  type ViewShape,
} from './views-sql.ts'

export interface NewFleetView {
  /** The table of the tenants, without a schema. */
  readonly table: string
  /** The schema of the view, which is made where it is missing. It cannot be that of a tenant, or the shared one. @default 'fleet_views' */
  readonly schema?: string | undefined
  /** Only these columns. @default all that any tenant has */
  readonly columns?: readonly string[] | undefined
  /** Only tenants of these kinds. @default every kind */
  readonly kinds?: readonly string[] | undefined
  /** Roles that may read the view, and through it the table of all tenants. @default none but the owner */
  readonly grant?: readonly string[] | undefined
}

export interface FleetView {
  readonly schema: string
  readonly name: string
  readonly table: string
  readonly kinds?: readonly string[]
  /** Its columns besides `tenant_id` and `tenant_schema`. */
  readonly columns: readonly ViewColumn[]
  /** The roles that may read it, besides its owner. */
  readonly readers: readonly string[]
}

export interface FleetViewName {
  readonly schema?: string | undefined
}

const defaultSchema = 'fleet_views'
const schemaMark = 'partywall: views over all tenants'
const viewMark = 'partywall view: '

export interface FleetViewsParts {
  readonly deploy: Database
  /** Schemas that are in the search path of tenants. */
  readonly reserved: readonly string[]
}

export async function createView({ deploy, reserved }: FleetViewsParts, name: string, given: NewFleetView): Promise<FleetView> {
  assertKnownKeys('views.create', given, ['table', 'schema', 'columns', 'kinds', 'grant'])
  const { table, schema = defaultSchema, columns, kinds, grant = [] } = given
  // 58, because the function behind it has a longer name.
  assertName('views.create', 'name', name, 58)
  assertName('views.create', 'table', table)
  assertSchemaName(schema, reserved)
  const lists = { columns: names('columns', columns), kinds: names('kinds', kinds) }
  const roles = names('grant', grant) ?? []
  for (const role of roles) assertReader(role)
  const shape: ViewShape = { schema, name, table, ...lists }
  return inTransaction(deploy, async (transaction) => {
    await makeSchema(transaction, schema)
    if (await find(transaction, shape)) {
      throw invalid(
        'view',
        `The view ${JSON.stringify(name)} exists already in the schema ${JSON.stringify(schema)}. Refresh it, or drop it first.`,
      )
    }
    await make(transaction, shape, roles)
    await recordAction(transaction, { action: 'view.created', object: `${schema}.${name}`, details: { table, readers: roles } })
    return (await find(transaction, shape))!
  })
}

/** Brings the columns of views up to date. @returns those that were changed */
export async function refreshViews(
  { deploy }: FleetViewsParts,
  name?: string,
  { schema }: FleetViewName = {},
): Promise<FleetView[]> {
  const changed: FleetView[] = []
  for (const view of await meantViews(deploy, name, schema)) {
    const after = await inTransaction(deploy, async (transaction) => {
      // Another process may have dropped or refreshed it.
      const before = await find(transaction, view)
      if (before === undefined) return undefined
      const shape = shapeOf(before)
      if (JSON.stringify(await columnsOf(transaction, shape)) === JSON.stringify(before.columns)) return undefined
      await transaction.query({ text: dropViewText(shape) })
      await make(transaction, shape, before.readers)
      await recordAction(transaction, {
        action: 'view.refreshed',
        object: `${shape.schema}.${shape.name}`,
        details: { table: shape.table },
      })
      return find(transaction, shape)
    })
    if (after !== undefined) changed.push(after)
  }
  return changed
}

export async function dropView(
  { deploy }: FleetViewsParts,
  name: string,
  { schema = defaultSchema }: FleetViewName = {},
): Promise<void> {
  assertName('views.drop', 'name', name)
  await inTransaction(deploy, async (transaction) => {
    const view = await find(transaction, { schema, name })
    if (view === undefined) throw unknownView(name)
    await transaction.query({ text: dropViewText(view) })
    await recordAction(transaction, { action: 'view.dropped', object: `${schema}.${name}`, details: { table: view.table } })
  })
}

export async function listViews({ deploy }: Pick<FleetViewsParts, 'deploy'>): Promise<FleetView[]> {
  return deploy.transaction((transaction) => readViews(transaction))
}

async function make(transaction: Transaction, shape: ViewShape, readers: readonly string[]): Promise<void> {
  const columns = await columnsOf(transaction, shape)
  const { table, kinds, columns: only } = shape
  const mark = `${viewMark}${JSON.stringify({ table, kinds, columns: only })}`
  const grants = readers.map((role) => grantText(shape, role))
  await transaction.query({ text: [createViewText(shape, columns, mark), ...grants].join('\n') })
}

/** @throws TenancyError INVALID_ARGUMENT */
async function columnsOf(transaction: Transaction, shape: ViewShape): Promise<ViewColumn[]> {
  const found = await readJson<ViewColumn>(transaction, columnsSql(shape))
  if (found.length === 0) throw invalid('table', `No tenant has a table ${JSON.stringify(shape.table)}.`)
  const missing = shape.columns?.find((name) => !found.some((column) => column.name === name))
  if (missing !== undefined)
    throw invalid('columns', `No tenant has the column ${JSON.stringify(missing)} in ${JSON.stringify(shape.table)}.`)
  const meant = found.filter(({ name }) => shape.columns === undefined || shape.columns.includes(name))
  const taken = meant.find(({ name }) => ownColumns.includes(name))
  if (taken !== undefined) {
    throw invalid(
      'columns',
      `The table has a column ${JSON.stringify(taken.name)}, which the view has itself. Leave it out: give "columns".`,
    )
  }
  return meant.map(({ name, type }) => ({ name, type: type === 'pg_catalog.text' ? 'text' : type }))
}

async function makeSchema(transaction: Transaction, schema: string): Promise<void> {
  await transaction.query(transactionLockSql(`partywall: views in ${schema}`))
  const [state] = (await transaction.query<{ mark: string | null }>(schemaStateSql(schema))).rows
  if (state === undefined) {
    const name = identifier(schema)
    await transaction.query({ text: `create schema ${name};\ncomment on schema ${name} is ${literal(schemaMark)};` })
  } else if (state.mark !== schemaMark) {
    throw new TenancyError(
      'SCHEMA_EXISTS',
      `The schema ${JSON.stringify(schema)} exists and was not made for views over all tenants, so no view is made in it. Give "schema" another name.`,
      { details: { schema } },
    )
  }
}

type MarkedView = Omit<FleetView, 'table' | 'kinds'> & { readonly mark: string }

async function readViews(transaction: Transaction): Promise<(FleetView & { readonly only?: readonly string[] })[]> {
  return (await readJson<MarkedView>(transaction, viewsSql())).map(({ mark, ...view }) => {
    const { table, kinds, columns } = JSON.parse(mark.slice(viewMark.length)) as {
      table: string
      kinds?: string[]
      columns?: string[]
    }
    return Object.defineProperty({ ...view, table, ...(kinds && { kinds }) }, 'only', { value: columns })
  })
}

async function find(transaction: Transaction, { schema, name }: Pick<FleetView, 'schema' | 'name'>) {
  return (await readViews(transaction)).find((view) => view.schema === schema && view.name === name)
}

function shapeOf({ schema, name, table, kinds, only }: FleetView & { readonly only?: readonly string[] }): ViewShape {
  return { schema, name, table, kinds, columns: only }
}

async function meantViews(deploy: Database, name: string | undefined, schema: string | undefined): Promise<FleetView[]> {
  const views = await listViews({ deploy })
  if (name === undefined) return views.filter((view) => schema === undefined || view.schema === schema)
  assertName('views.refresh', 'name', name)
  const view = views.find((one) => one.name === name && one.schema === (schema ?? defaultSchema))
  if (view === undefined) throw unknownView(name)
  return [view]
}

async function inTransaction<T>(deploy: Database, fn: (transaction: Transaction) => Promise<T>): Promise<T> {
  try {
    return await deploy.transaction(fn)
  } catch (error) {
    if (sqlStateOf(error) === sqlState.dependentObjects) {
      throw new TenancyError(
        'INVALID_ARGUMENT',
        'The view is not changed: other objects depend on it. Drop them first; the error of the server names them.',
        {
          details: { option: 'view', what: 'views' },
          cause: error,
        },
      )
    }
    throw explainPrivilege(
      error,
      'make a view over all tenants',
      'Make it as the role that owns the schemas of the tenants: the option "database.deploy".',
    )
  }
}

/** A view is a way around the wall: no role of a tenant, and not everyone, gets it. */
function assertReader(role: string): void {
  if (!role.startsWith('partywall_') && role !== 'public' && !role.startsWith('pg_')) return
  throw invalid(
    'grant',
    `The role ${JSON.stringify(role)} cannot read a view over all tenants: it is a role of tenants, or stands for many roles.`,
  )
}

function names(option: string, value: readonly string[] | undefined): readonly string[] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value)) throw invalid(option, `"${option}" of views.create must be a list of names; it is ${seen(value)}.`)
  for (const name of value) assertName('views.create', option, name)
  return value
}

function assertName(what: string, option: string, name: unknown, most = 63): asserts name is string {
  if (typeof name === 'string' && name !== '' && !name.includes('\0') && Buffer.byteLength(name) <= most && name.isWellFormed())
    return
  throw invalid(option, `"${option}" of ${what} must be a name of 1 to ${most} bytes; it is ${seen(name, 'quoted')}.`)
}

function unknownView(name: string): TenancyError {
  return invalid('view', `There is no view ${JSON.stringify(name)} over all tenants in this schema.`)
}

function invalid(option: string, message: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', message, { details: { option, what: 'views' } })
}
