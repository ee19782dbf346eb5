/** The same error classes as those of slonik's own driver, so that code that catches them works here, too. Read in @slonik/pg-driver 49.10. */
import {
  BackendTerminatedError,
  BackendTerminatedUnexpectedlyError,
  CheckExclusionConstraintViolationError,
  CheckIntegrityConstraintViolationError,
  ForeignKeyIntegrityConstraintViolationError,
  IdleTransactionTimeoutError,
  InputSyntaxError,
  InvalidInputError,
  NotNullIntegrityConstraintViolationError,
  StatementCancelledError,
  StatementTimeoutError,
  UniqueIntegrityConstraintViolationError,
  type Query,
} from 'slonik'

/** slonik's error for an error of node-postgres; other errors, such as refusals of partywall, are returned unchanged. */
export function asSlonikError(error: unknown, query?: Query): unknown {
  if (!(error instanceof Error)) return error
  if (/connection terminated unexpectedly/i.test(error.message)) return new BackendTerminatedUnexpectedlyError(error)
  if (/connection terminated/i.test(error.message)) return new BackendTerminatedError(error)
  const { code } = error as Error & { code?: unknown }
  if (code === '42601' && query !== undefined) return new InputSyntaxError(error, query)
  return bySqlState.get(String(code))?.(error) ?? error
}

const bySqlState: ReadonlyMap<string, (error: Error) => Error> = new Map([
  ['22P02', (error) => new InvalidInputError(error.message, { cause: error })],
  ['23502', (error) => new NotNullIntegrityConstraintViolationError(error)],
  ['23503', (error) => new ForeignKeyIntegrityConstraintViolationError(error)],
  ['23505', (error) => new UniqueIntegrityConstraintViolationError(error)],
  ['23514', (error) => new CheckIntegrityConstraintViolationError(error)],
  ['23P01', (error) => new CheckExclusionConstraintViolationError(error)],
  ['25P03', (error) => new IdleTransactionTimeoutError(error)],
  [
    '57014',
    (error) => (/user request/.test(error.message) ? new StatementCancelledError(error) : new StatementTimeoutError(error)),
  ],
  ['57P01', (error) => new BackendTerminatedError(error)],
] as const satisfies [string, (error: Error) => Error][])
