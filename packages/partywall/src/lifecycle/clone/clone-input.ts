/** What a caller says about a clone, and what is refused before the database is asked. */
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { nearest } from '../../nearest.ts'
import { seen } from '../../seen.ts'
import type { Attributes } from '../../types.ts'

/** `null`: no value; `hash`: the same text for the same value; `email`: an address that cannot exist; `empty`: empty text, list or document. */
export type NamedMask = (typeof namedMasks)[number]
const namedMasks = ['null', 'hash', 'email', 'empty'] as const

/** A named mask, or an expression of SQL that may use the columns of the row. */
export type ColumnMask = NamedMask | { readonly sql: string }

/** Of a whole table: `empty` copies no row; `keep` copies the rows of a table that would be emptied, because it looks like one of logins. */
export type TableMask = 'empty' | 'keep'

export interface CloneInput<I extends object = Attributes> {
  /** The name of the schema to create. */
  readonly schema: string
  /** Its key in another system. That of the source stays with the source. @default none */
  readonly externalId?: string | undefined
  /** The name for people. @default the schema */
  readonly name?: string | undefined
  /** Host names that lead to the clone; those of the source stay with the source. @default [] */
  readonly domains?: readonly string[] | undefined
  /** The input of the schema given as `tenant.attributes`. Those of the source are not copied. @default {} */
  readonly attributes?: I | undefined
  /** When `tenancy.tenants.purge` may archive or delete the clone. @default never */
  readonly expiresAt?: Date | undefined
  /** Whether the rows are copied, too. @default true */
  readonly data?: boolean | undefined
  /** Whether the settings are copied, with their secrets. @default the same as `data` */
  readonly settings?: boolean | undefined
  /** Whether the files are copied, where the config says where they are. They are copied after the rows, and the clone is active when all are there. @default as `data` */
  readonly files?: boolean | undefined
  /** What stands in place of values: by `table.column` a mask, by `table` whether its rows are copied. @default {} */
  readonly mask?: Readonly<Record<string, ColumnMask | TableMask>> | undefined
  /** Also copies tables of sessions, tokens and keys, with which one can log in to the source. @default false */
  readonly keepSessions?: boolean | undefined
  /** Clones it although a text in a function may lead from the clone to the source: see `remarks` of the plan. @default false */
  readonly accept?: boolean | undefined
  /** Ends the cloning, also in the middle of a statement; nothing is left. @default none */
  readonly signal?: AbortSignal | undefined
}

const keys = [
  'schema',
  'externalId',
  'name',
  'domains',
  'attributes',
  'expiresAt',
  'data',
  'settings',
  'files',
  'mask',
  'keepSessions',
  'accept',
  'signal',
]

/** @throws TenancyError INVALID_ARGUMENT */
export function assertCloneInput(input: CloneInput<any>): void {
  assertKnownKeys('tenants.clone', input, keys)
  const { data, settings, files, mask, keepSessions, accept, signal } = input
  for (const [option, value] of Object.entries({ data, settings, files, keepSessions, accept })) {
    if (value !== undefined && typeof value !== 'boolean') throw invalid(option, `must be true or false; it is ${seen(value)}.`)
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalid('signal', 'must be an AbortSignal.')
  if (mask === undefined) return
  if (typeof mask !== 'object' || mask === null || Array.isArray(mask)) {
    throw invalid('mask', "must be an object, such as { 'users.email': 'email' }.")
  }
  if (data === false && Object.keys(mask).length > 0)
    throw invalid('mask', 'is for rows, and with "data: false" no row is copied. Leave one of the two out.')
  for (const [key, value] of Object.entries(mask)) assertMask(key, value)
}

function assertMask(key: string, value: unknown): void {
  if (typeof value === 'object' && value !== null) {
    assertKnownKeys(`the mask of ${key}`, value, ['sql'])
    const { sql } = value as { sql?: unknown }
    if (typeof sql === 'string' && sql.trim() !== '') return
    throw invalid(`mask[${JSON.stringify(key)}]`, 'must have an expression: { sql: "upper(name)" }.')
  }
  const known = [...namedMasks, 'keep'] as const
  if (known.includes(value as never)) return
  const suggestion = typeof value === 'string' ? nearest(value, known) : undefined
  throw invalid(
    `mask[${JSON.stringify(key)}]`,
    `must be one of ${known.join(', ')}, or an expression of SQL in an object: { sql: "…" }; it is ${seen(value, 'quoted')}.` +
      (suggestion === undefined ? '' : ` Did you mean ${suggestion}?`),
  )
}

export function invalid(option: string, problem: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `"${option}" of tenants.clone ${problem}`, {
    details: { option, what: 'tenants.clone' },
  })
}
