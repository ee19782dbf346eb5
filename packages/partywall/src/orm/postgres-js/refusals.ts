/** What `tenantPostgresJs` does not send, and what to do instead. */
import type { Binding } from '../../database/binding/binding.ts'
import { assertStaysInRole } from '../../database/binding/binding-refusals.ts'
import { statementFacts } from '../../sql/statement-facts.ts'
import { TenancyError } from '../../errors.ts'

/**
 * The current binding, if the query was written under the same one; `written` is absent where no query was written yet. Of a tenant that logs in itself
 * there is none: the connections of postgres.js log in as the application.
 */
export function mustBe(current: Binding | undefined, written: Binding | undefined): Binding {
  if (current?.login !== undefined) {
    throw new TenancyError(
      'LOGIN_REFUSED',
      `The boundary of ${current.label} is "login", and the connections of postgres.js log in as the application; nothing was sent. Use tenancy.pool ` +
        'for this tenant, or the boundary "role".',
      { details: { schema: current.schema, reason: 'unpooled' } },
    )
  }
  if (current !== undefined && (written === undefined || written.key === current.key)) return current
  if (current === undefined) {
    throw new TenancyError(
      'NO_TENANT',
      'A query was awaited outside every scope; it was not sent. Write it and await it inside tenancy.run(tenant, fn) or ' +
        'tenancy.runShared(fn), or use the unwrapped sql.',
      { details: { scope: 'none' } },
    )
  }
  throw new TenancyError(
    'WRONG_TENANT',
    `This query was written for ${written!.label} and awaited in the scope of ${current.label}; it was not sent. ` +
      'Write it inside the scope that awaits it.',
    { details: { owner: written!.schema, now: current.schema } },
  )
}

/** Refuses a statement that would end the binding, or leave something on a connection that postgres.js gives to other callers. */
export function assertSafe(text: string, binding: Binding): void {
  const facts = statementFacts(text)
  const { control, innerControl, leaves, asksSession } = facts
  assertStaysInRole(binding, facts)
  if (control !== undefined || innerControl !== undefined) {
    const verb = (innerControl ?? /\w+/.exec(text)?.[0] ?? '').toUpperCase()
    refuse(`The statement ${verb}`, "Use sql.begin('isolation level …', async (sql) => …) and sql.savepoint.")
  }
  if (leaves !== undefined) {
    refuse(
      `A statement that leaves ${leaves} on its connection`,
      'Run it with tenancy.session, or use its LOCAL form in sql.begin.',
    )
  }
  if (asksSession !== undefined) refuse(asksSession, 'Use insert … returning, or call nextval first and insert its number.')
}

export function refuse(what: string, instead: string): never {
  throw new TenancyError('UNSAFE_STATEMENT', `${what} is refused by tenantPostgresJs. ${instead}`)
}
