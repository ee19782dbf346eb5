/** What `tenancy.tenants.adopt` takes and plans. */
import { validateAttributes } from '../../catalog/tenants/attributes.ts'
import { assertExternalId } from '../../catalog/tenants/external-id.ts'
import { assertTenantName } from '../../catalog/tenants/tenant-name.ts'
import { reservedSchemas } from '../../config/options.ts'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { parseDomain } from '../../names/domain-name.ts'
import { assertAdoptedSchemaName, assertSchemaName } from '../../names/identifier.ts'
import type { Attributes } from '../../types.ts'
import type { AdoptParts } from './adopt-parts.ts'
import type { AdoptFinding } from './finding.ts'
import { patienceKeys, patienceOf, type Patience } from './patiently.ts'

export interface CommonAdoption<I extends object> extends Patience {
  /** Its key in another system, by which `{ externalId }` finds it. Unique; 1 to 255 characters. @default none */
  readonly externalId?: string | undefined
  /** The name for people. @default the schema */
  readonly name?: string | undefined
  /** Host names that lead to the tenant; the first one is primary. @default [] */
  readonly domains?: readonly string[] | undefined
  /** Which set of tenant migrations it gets: a key of the option `migrations.tenant`. @default 'default' */
  readonly kind?: string | undefined
  /** The input of the schema given as `tenant.attributes`. @default {} */
  readonly attributes?: I | undefined
  /**
   * The last migration that counts as applied: its name, file or number; '0' is none. Later ones are pending.
   * @default what another tool has recorded in the schema, else all
   */
  readonly at?: string | undefined
  /** Adopt it although it is not what its migrations give, or although the plan has warnings. @default false */
  readonly accept?: boolean | undefined
}

/** Tables move into a new schema. */
export interface TablesToAdopt<I extends object = Attributes> extends CommonAdoption<I> {
  /** The name of the schema to create. */
  readonly schema: string
  /** Names or globs (`polls_*`) of tables, views and sequences. One of `tables` and `allBut` is required. */
  readonly tables?: string | readonly string[] | undefined
  /** All tables, views and sequences but these. */
  readonly allBut?: string | readonly string[] | undefined
  /** The schema in which they are. @default the shared schema */
  readonly from?: string | undefined
  /** What happens to objects that would stay and use what moves: `move` moves them, too. @default 'refuse' */
  readonly dependents?: 'refuse' | 'move' | undefined
  readonly inPlace?: false | undefined
}

/** A schema that exists stays as it is, and becomes a tenant. */
export interface SchemaToAdopt<I extends object = Attributes> extends CommonAdoption<I> {
  /** The name of the schema. Capitals and a digit first are permitted. */
  readonly schema: string
  readonly inPlace: true
}

export type ToAdopt<I extends object = Attributes> = TablesToAdopt<I> | SchemaToAdopt<I>

/** What an adoption would do. */
export interface AdoptPlan {
  readonly schema: string
  /** Where the objects are; the schema itself when it is adopted in place. */
  readonly from: string
  /** What moves; empty when the schema is adopted in place. */
  readonly moves: readonly PlannedMove[]
  /** Foreign keys and other references that lead to objects that stay. They go on to work. */
  readonly kept: readonly string[]
  /** Types, functions and sequences that both sides use: they stay where they are. */
  readonly staying: readonly string[]
  /** The migrations that will count as applied. */
  readonly recorded: readonly string[]
  /** The migrations that will be pending. */
  readonly pending: readonly string[]
  /** What must be changed first. */
  readonly refused: readonly AdoptFinding[]
  /** What is adopted with `accept` only. */
  readonly warnings: readonly AdoptFinding[]
}

export interface PlannedMove {
  /** Such as `table`, `view`, `type`, `function`. */
  readonly kind: string
  readonly name: string
  /** About how many; null where the number is not known. */
  readonly rows: number | null
  /** With its indexes; null for what has no file. */
  readonly bytes: number | null
}

/** What was given, checked. */
export interface CheckedAdoption {
  readonly schema: string
  readonly externalId: string | undefined
  readonly name: string
  readonly kind: string
  readonly domains: readonly string[]
  readonly attributes: object
  readonly at: string | undefined
  readonly accept: boolean
  readonly lockTimeoutMs: number
  readonly retries: number
}

export interface ChosenTables {
  readonly tables: readonly string[] | undefined
  readonly allBut: readonly string[] | undefined
  readonly from: string
  readonly dependents: 'refuse' | 'move'
}

const commonKeys = ['schema', 'externalId', 'name', 'domains', 'kind', 'attributes', 'at', 'accept', 'inPlace', ...patienceKeys]
const tableKeys = ['tables', 'allBut', 'from', 'dependents']

/** @throws TenancyError INVALID_ARGUMENT, INVALID_SCHEMA_NAME, INVALID_TENANT_NAME, INVALID_DOMAIN, INVALID_ATTRIBUTES */
export async function checkAdoption(
  { options }: AdoptParts<any>,
  input: ToAdopt<any>,
  more: readonly string[],
): Promise<{ checked: CheckedAdoption; tables: ChosenTables | undefined }> {
  const isInPlace = (input as { inPlace?: unknown } | undefined)?.inPlace === true
  assertKnownKeys('tenants.adopt', input, [...commonKeys, ...(isInPlace ? [] : tableKeys), ...more])
  const { schema, externalId, name = schema, domains = [], kind = 'default', attributes = {}, at, accept = false } = input
  if (isInPlace) assertAdoptedSchemaName(schema, reservedSchemas(options))
  else assertSchemaName(schema, reservedSchemas(options))
  assertTenantName(name)
  assertExternalId('tenants.adopt', externalId)
  if (!Array.isArray(domains)) throw invalid('domains', 'must be a list of host names')
  if (typeof accept !== 'boolean') throw invalid('accept', 'must be true or false')
  const checked = {
    schema,
    externalId: externalId ?? undefined,
    name,
    kind,
    domains: [...new Set((domains as readonly unknown[]).map(parseDomain))],
    attributes: await validateAttributes(options.attributes, attributes),
    at,
    accept,
    ...patienceOf('tenants.adopt', input),
  }
  return { checked, tables: isInPlace ? undefined : chosenTables(input as TablesToAdopt<any>, options) }
}

function chosenTables(input: TablesToAdopt<any>, { sharedSchema }: Pick<AdoptParts['options'], 'sharedSchema'>): ChosenTables {
  const { tables, allBut, from = sharedSchema, dependents = 'refuse' } = input
  if ((tables === undefined) === (allBut === undefined)) {
    throw invalid('tables', 'or "allBut" is required, and not both; or { inPlace: true } for a schema that stays as it is')
  }
  if (dependents !== 'refuse' && dependents !== 'move') throw invalid('dependents', "must be 'refuse' or 'move'")
  if (typeof from !== 'string' || from === '') throw invalid('from', 'must be the name of a schema')
  return { tables: patterns('tables', tables), allBut: patterns('allBut', allBut), from, dependents }
}

function patterns(option: string, given: string | readonly string[] | undefined): readonly string[] | undefined {
  if (given === undefined) return undefined
  const list = [given].flat()
  if (list.length === 0 || list.some((one) => typeof one !== 'string' || one === ''))
    throw invalid(option, 'must be names or globs, as text')
  return list
}

function invalid(option: string, what: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `"${option}" of tenants.adopt ${what}.`, { details: { option } })
}
