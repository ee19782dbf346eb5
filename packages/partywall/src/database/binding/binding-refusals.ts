/** The errors for statements that cannot be bound, and for bindings that failed: what was refused, and what to do about it. */
import { TenancyError } from '../../errors.ts'
import { completedBefore } from '../../sql/completed-before.ts'
import { splitStatements } from '../../sql/lexer.ts'
import { switchesRole } from '../../sql/leaves-role.ts'
import type { StatementFacts } from '../../sql/statement-facts.ts'
import { tenantChanged } from '../../scope/entering.ts'
import type { Binding } from './binding.ts'
import type { Carrier } from './carrier.ts'
import type { ServerError, TransactionStatusLike } from './pg-internals.ts'
import { refusedFor } from './search-path.ts'

/** Passes a statement that a binding can hold for. */
export function assertBindable(
  facts: StatementFacts,
  isExtended: boolean,
  status: TransactionStatusLike,
  carrier: Pick<Carrier, 'serverVersionNumber' | 'bindingWriter'>,
): void {
  if (facts.hiddenControl !== undefined) throw controlInside(facts.hiddenControl)
  if (facts.asksSession !== undefined) {
    throw new TenancyError(
      'UNSAFE_STATEMENT',
      `${facts.asksSession} returns a number that was drawn on this connection, which tenants share: it may be another tenant's. ` +
        'Use insert … returning, or call nextval first and insert its number.',
      { details: { statement: facts.asksSession } },
    )
  }
  if (facts.needsTransaction !== undefined && status === 'I') {
    throw new TenancyError(
      'UNSAFE_STATEMENT',
      `${facts.needsTransaction} has no effect outside a transaction, because its effect ends with the statement. Check out a client with ` +
        'tenancy.pool.connect(), and send begin before it on that client.',
      { details: { statement: facts.needsTransaction } },
    )
  }
  if (facts.mayCommit && isExtended && status === 'I' && carrier.serverVersionNumber < firstVersionWithSafeCall) {
    throw new TenancyError(
      'NEEDS_SESSION',
      'CALL or DO by the extended protocol (with parameters, a name, rows, queryMode or a cursor) is refused outside a transaction on ' +
        'PostgreSQL before 18: if it commits, the rest of it would run without its tenant. Send it between begin and commit, or in ' +
        'tenancy.session(tenant, (client) => …).',
    )
  }
  if (facts.leaves !== undefined && !facts.onlyClears && !carrier.bindingWriter.isDirect) {
    throw new TenancyError(
      'UNSAFE_STATEMENT',
      `The statement leaves ${facts.leaves} on the session, which a pooler gives to other clients: closing our connection would not end that ` +
        'session, and its next user would find it. Use set local or set_config(…, true) in a transaction, pg_advisory_xact_lock, ' +
        'or a connection string that leads to PostgreSQL itself.',
      { details: { leaves: facts.leaves } },
    )
  }
}

/** The error for a binding that failed; any other error is returned as it is. */
export function bindingError(error: ServerError, binding: Binding): Error {
  const reason = refusedFor(error)
  if (reason === undefined) return error
  const details = { schema: binding.schema }
  if (reason === 'temporary tables') {
    return new TenancyError(
      'UNSAFE_STATEMENT',
      `A function left temporary tables on this connection, which ${binding.label} must not see. They are removed before the next ` +
        'statement; this one was not run, because other statements were queued behind it. Send it again, and await each statement ' +
        'before you send the next.',
      { details, cause: error },
    )
  }
  if (reason === 'no usage') {
    const owner = binding.role === undefined ? 'grant usage on schema … to the role that the application connects as' : upgrade
    return new TenancyError(
      'SCHEMA_MISSING',
      `The schema of ${binding.label} exists, but ${binding.role === undefined ? 'this role' : "the tenant's role"} may not use it, so nothing was ` +
        `run. As its owner, run: ${owner}.`,
      { details, cause: error },
    )
  }
  if (reason === 'role missing' || reason === 'role denied')
    return binding.role === undefined ? error : roleRefused(reason, binding, error)
  // The catalog may know a newer name: the next request asks it.
  binding.suspect?.()
  if (reason === 'changed') return tenantChanged(binding.schema, error)
  return new TenancyError(
    'SCHEMA_MISSING',
    `The schema of ${binding.label} is not in the database, so nothing was run; the shared schema was not read instead. ` +
      'It was dropped or renamed outside partywall: restore it, or remove the tenant from the catalog.',
    { details, cause: error },
  )
}

/** Why a connection is closed: in "it holds …". */
export const roleDoubt = 'a role that partywall cannot leave'

const upgrade = 'npx partywall boundary upgrade'

/** The boundary is `role`, and the server did not let the statement have its role: it was not run as another one instead. */
function roleRefused(reason: 'role missing' | 'role denied', binding: Binding, cause: ServerError): TenancyError {
  const what =
    reason === 'role missing'
      ? 'does not exist'
      : 'could not be taken: the login of the application is no member of it, may not call set_config, or a function has left another role on the session'
  return new TenancyError(
    'ROLE_MISSING',
    `The role that statements of ${binding.label} run as ${what}; nothing was run. If the boundary was configured after the tenant was created, or ` +
      `rights were changed by hand, run: ${upgrade}.`,
    { details: { schema: binding.schema }, cause },
  )
}

/** Passes a text that PostgreSQL keeps in the role of its binding, where the option `strict` asks for that. */
export function assertKeepsRole({ isStrict }: Binding, { leavesRole: how }: StatementFacts): void {
  if (isStrict !== true || how === undefined) return
  throw new TenancyError(
    'UNSAFE_STATEMENT',
    `${how} can leave the role of the tenant that it runs as, and the option "strict" is on; it was not sent. Send statements one by one, and create ` +
      'functions in migrations. Texts that you trust can run in a tenancy without "strict".',
    { details: { statement: how } },
  )
}

/** The same where one binding stands for several statements: none of them may switch the role for the next one. */
export function assertStaysInRole(binding: Binding, facts: StatementFacts): void {
  assertKeepsRole(binding, facts)
  const { leavesRole: how } = facts
  if (binding.role === undefined || how === undefined || !switchesRole(how)) return
  throw new TenancyError(
    'UNSAFE_STATEMENT',
    `${how} would let the next statements run as another role than that of ${binding.label}; it was not sent.`,
    { details: { statement: how } },
  )
}

/** The error for a statement that comes from another scope than its connection. */
export function wrongTenant(owner: Binding, now: Binding): TenancyError {
  return new TenancyError(
    'WRONG_TENANT',
    `This connection was checked out for ${owner.label} and is used in the scope of ${now.label}; nothing was run. ` +
      'Check out a connection inside the scope that uses it, and release it before the scope ends.',
    { details: { owner: owner.schema, now: now.schema } },
  )
}

/** The error for a text of several statements that would end the transaction of its binding, or begin one that the binding disturbs. */
export function controlInside(verb: string): TenancyError {
  return new TenancyError(
    'UNSAFE_STATEMENT',
    `A text of several statements contains ${verb.toUpperCase()}, with which a statement of it would not run as its tenant. A text may ` +
      'begin a transaction and end with its COMMIT; otherwise send the statements one by one on a client from tenancy.pool.connect().',
    { details: { statement: verb } },
  )
}

/** The error for a statement that may not share its transaction with a binding. */
export function needsSession(text: string, error: ServerError): TenancyError {
  // The statement that failed is the one behind those that were completed.
  const name = nameOf(splitStatements(text)[completedBefore(error)]?.tokens ?? [])
  return new TenancyError(
    'NEEDS_SESSION',
    `${name} must be alone in its transaction or ends it itself, so it cannot be sent together with its tenant's search path. ` +
      'Run it in tenancy.session(tenant, (client) => client.query(…)).',
    { cause: error },
  )
}

/** The error for a connection whose answers, or whose records, contradict themselves. No row of the statement is passed on. */
export function untrusted(binding: Binding, seen: string): TenancyError {
  return new TenancyError(
    'UNSAFE_SETUP',
    `The connection of ${binding.label} cannot be trusted: ${seen}. The statement failed, and the connection was closed. Run ` +
      'tenancy.probe() to look for a proxy that changes what passes through it; if it finds none, report this as a fault of partywall.',
  )
}

/** The command, as PostgreSQL's manual names it: `CREATE INDEX CONCURRENTLY`, `VACUUM`. */
function nameOf(tokens: readonly string[]): string {
  const [verb, ...rest] = tokens.slice(tokens.findIndex((token) => token !== '('))
  if (verb === undefined) return 'The statement'
  if (!['create', 'drop', 'alter', 'reindex', 'refresh'].includes(verb)) return verb.toUpperCase()
  const object = rest.find((token) => /^[a-z]+$/.test(token) && !modifiers.has(token)) ?? ''
  const isConcurrent = rest.slice(0, 5).includes('concurrently')
  return `${verb} ${object}${isConcurrent ? ' concurrently' : ''}`.toUpperCase()
}

const modifiers = new Set(['or', 'replace', 'unique', 'verbose', 'concurrently', 'materialized'])

/** Before PostgreSQL 18, CALL in a batch may commit in the middle. */
const firstVersionWithSafeCall = 180_000
