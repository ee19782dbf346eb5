/** What cannot be bound, and why a binding failed: each in partywall's words, with what to do about it. */
import { TenancyError } from '../../errors.ts'
import { noUsageMark, temporaryMark, type Binding } from './binding.ts'
import type { Carrier } from './carrier.ts'
import type { ServerError, TransactionStatusLike } from './pg-internals.ts'
import { splitStatements } from '../../sql/lexer.ts'
import type { StatementFacts } from '../../sql/statement-facts.ts'

/** Refuses what no binding can hold. */
export function assertBindable(
  facts: StatementFacts,
  isExtended: boolean,
  status: TransactionStatusLike,
  carrier: Pick<Carrier, 'serverVersionNumber' | 'bindingWriter'>,
): void {
  if (facts.hiddenControl !== undefined) {
    throw new TenancyError(
      'UNSAFE_STATEMENT',
      `A text of several statements holds ${facts.hiddenControl.toUpperCase()}: what follows it would run without its tenant. ` +
        'Send the statements one by one on a client from tenancy.pool.connect().',
      { details: { statement: facts.hiddenControl } },
    )
  }
  if (facts.asksSession !== undefined) {
    throw new TenancyError(
      'UNSAFE_STATEMENT',
      `${facts.asksSession} answers for the connection, which tenants share: it may give another tenant's number. ` +
        "Use insert … returning, or currval('name_of_the_sequence').",
      { details: { statement: facts.asksSession } },
    )
  }
  if (facts.mayCommit && isExtended && status === 'I' && carrier.serverVersionNumber < firstVersionWithSafeCall) {
    throw new TenancyError(
      'NEEDS_SESSION',
      'CALL or DO with parameters, a name or a cursor is refused outside a transaction on PostgreSQL before 18: if it commits, the rest ' +
        'of it would run without its tenant. Send it between begin and commit, or in tenancy.session(tenant, (client) => …).',
    )
  }
  if (facts.leaves !== undefined && !carrier.bindingWriter.isDirect) {
    throw new TenancyError(
      'UNSAFE_STATEMENT',
      `The statement leaves ${facts.leaves} on the session, and a pooler stands between: closing our connection would not end that ` +
        'session, and whoever is lent it next would find it. Use set local or set_config(…, true) in a transaction, pg_advisory_xact_lock, ' +
        'or a connection string that leads to PostgreSQL itself.',
      { details: { leaves: facts.leaves } },
    )
  }
}

/** Why a binding failed, in partywall's words. Other errors pass as they are. */
export function bindingError(error: ServerError, binding: Binding): Error {
  if (error.code !== '3F000') return error
  const details = { schema: binding.schema }
  if (error.message.includes(temporaryMark)) {
    return new TenancyError(
      'UNSAFE_STATEMENT',
      `A function left temporary tables on this connection, which ${binding.label} must not see, and other statements wait behind ` +
        'this one; nothing was run. Send it again, and wait for each statement before the next.',
      { details, cause: error },
    )
  }
  if (error.message.includes(noUsageMark)) {
    return new TenancyError(
      'SCHEMA_MISSING',
      `The schema of ${binding.label} is there, but this role may not use it, so nothing was run. ` +
        'As its owner, run: grant usage on schema … to the role that the application connects as.',
      { details, cause: error },
    )
  }
  return new TenancyError(
    'SCHEMA_MISSING',
    `The schema of ${binding.label} is not in the database, so nothing was run; the shared schema was not read in its place. ` +
      'It was dropped or renamed outside partywall: restore it, or remove the tenant from the catalog.',
    { details, cause: error },
  )
}

/** Why a statement was refused that comes from another scope than its connection. */
export function wrongTenant(owner: Binding, now: Binding): TenancyError {
  return new TenancyError(
    'WRONG_TENANT',
    `This connection was taken for ${owner.label} and is used in the scope of ${now.label}; nothing was run. ` +
      'Take a connection inside the scope that uses it, and release it before the scope ends.',
    { details: { owner: owner.schema, now: now.schema } },
  )
}

/** Why a statement was refused that may not share its transaction with a binding. */
export function needsSession(text: string, error: ServerError): TenancyError {
  const [verb = 'The statement', object = ''] = splitStatements(text)[0]?.tokens ?? []
  const name = ['create', 'drop', 'alter', 'reindex'].includes(verb) ? `${verb} ${object}` : verb
  return new TenancyError(
    'NEEDS_SESSION',
    `${name.toUpperCase()} must be alone in its transaction or ends it itself, so it cannot be sent together with its tenant's search path. ` +
      'Run it in tenancy.session(tenant, (client) => client.query(…)).',
    { cause: error },
  )
}

/** Before PostgreSQL 18, CALL in a batch may commit in the middle. */
const firstVersionWithSafeCall = 180_000
