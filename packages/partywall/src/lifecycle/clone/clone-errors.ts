/** The errors of a clone. An error of PostgreSQL about a row quotes the row, so neither its text nor its detail is repeated. */
import { TenancyError } from '../../errors.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import { sqlState, sqlStateOf } from '../../sql/sqlstate.ts'

export interface Attempted {
  /** Of the clone. */
  readonly schema: string
  /** The schema of the source. */
  readonly source: string
  /** What was being done, such as `copying the rows of "notes"`. */
  readonly step: string
}

/** The error for the caller, instead of that of PostgreSQL. */
export function explainClone(error: unknown, { schema, source, step }: Attempted): unknown {
  const state = sqlStateOf(error)
  if (error instanceof TenancyError || state === undefined) return error
  if (state === sqlState.insufficientPrivilege) {
    const hidden = /row-level security/.test((error as Error).message)
    return explainPrivilege(
      error,
      `clone the tenant ${JSON.stringify(source)} (${step})`,
      hidden
        ? 'The table forces row security on its owner, and a clone without the rows that it hides would not be complete: give the role of the option ' +
            '"database.deploy" the attribute BYPASSRLS (alter role … bypassrls;), or run: alter table … no force row level security;'
        : 'Clone tenants as the role that owns their schemas: the option "database.deploy".',
    )
  }
  const { constraint, column } = error as { constraint?: string; column?: string }
  const where = constraint !== undefined ? `, constraint ${constraint}` : column !== undefined ? `, column ${column}` : ''
  return new TenancyError(
    'CLONE_FAILED',
    `The tenant ${JSON.stringify(schema)} was not made of ${JSON.stringify(source)}, and nothing is left of it: PostgreSQL refused a statement (SQLSTATE ` +
      `${state}${where}) while ${step}. ${adviceOn(state)}`,
    { details: { schema, source, step, sqlState: state, differences: [] } },
  )
}

/** The source has objects, or the call has masks, with which no clone can be made. */
export function cloneRefused(schema: string, source: string, problems: readonly string[]): TenancyError {
  return new TenancyError(
    'CLONE_REFUSED',
    `The tenant ${JSON.stringify(source)} cannot be cloned as asked: ${problems.join('; ')}. Nothing was changed.`,
    { details: { schema, source, problems } },
  )
}

/** A function of the clone may read or write rows of the source. */
export function mayLeadBack(schema: string, source: string, remarks: readonly string[]): TenancyError {
  return new TenancyError(
    'CLONE_REFUSED',
    `The tenant ${JSON.stringify(source)} was not cloned, because the clone might lead to it. ${remarks.slice(0, 3).join(' ')} Write the names in these texts without ` +
      'the schema, in a migration; or, where they are harmless, clone it with { accept: true }.',
    { details: { schema, source, problems: remarks } },
  )
}

/** @param differences in sentences */
export function notAlike(schema: string, source: string, differences: readonly string[]): TenancyError {
  return new TenancyError(
    'CLONE_FAILED',
    `The tenant ${JSON.stringify(schema)} was not made of ${JSON.stringify(source)}, and nothing is left of it: its structure came out otherwise. ` +
      `${differences.slice(0, 3).join(' ')} Another program may have changed the source meanwhile: try again. If it comes again, please report it.`,
    { details: { schema, source, step: 'comparing the structures', differences: differences.slice(0, 20) } },
  )
}

export function sourceBusy(schema: string, cause: unknown): TenancyError {
  return new TenancyError(
    'TENANT_LOCKED',
    `The tenant ${JSON.stringify(schema)} was not cloned: at every attempt another transaction held a lock that the clone needs, or changed the tables. A ` +
      'migration of the tenant may be running. Try again when it has ended.',
    { details: { schema }, ...(cause !== undefined && { cause }) },
  )
}

function adviceOn(state: string): string {
  if (state === '53200')
    return 'The server had no room for the locks: a transaction locks every object that it creates. Raise max_locks_per_transaction, and restart the server.'
  if (state === '53100') return 'The disk of the server is full.'
  if (state === '57014') return 'The statement was cancelled, or met a time limit.'
  if (state.startsWith('23'))
    return 'The rows do not fit the rules of their tables: a mask may break a key or a check, or the source itself may hold such rows.'
  if (state.startsWith('22')) return 'A value does not fit its type: look at the masks.'
  if (state === '3F000' || state === '42P01') return 'The source was dropped or renamed meanwhile.'
  return 'The log of the server says more.'
}
