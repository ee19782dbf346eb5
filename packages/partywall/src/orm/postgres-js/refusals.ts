/** What `tenantSql` does not send, and what to do instead. */
import type { Binding } from '../../database/binding/binding.ts'
import { statementFacts } from '../../sql/statement-facts.ts'
import { TenancyError } from '../../errors.ts'

/** The binding of now, when it is the one that the query was written for; `then` is absent where nothing was written yet. */
export function mustBe(now: Binding | undefined, then: Binding | undefined): Binding {
  if (now !== undefined && (then === undefined || then.key === now.key)) return now
  if (now === undefined) {
    throw new TenancyError(
      'NO_TENANT',
      'A query was awaited outside every scope; it was not sent. Write it and await it inside tenancy.run(tenant, fn) or ' +
        'tenancy.runShared(fn), or use the unwrapped sql.',
      { details: { scope: 'none' } },
    )
  }
  throw new TenancyError(
    'WRONG_TENANT',
    `This query was written for ${then!.label} and is sent in the scope of ${now.label}; nothing was run. ` +
      'Write it inside the scope that awaits it.',
    { details: { owner: then!.schema, now: now.schema } },
  )
}

/** Refuses what would end the binding, or stay on a connection that postgres.js gives to others. */
export function assertSafe(text: string): void {
  const { control, hiddenControl, leaves, asksSession } = statementFacts(text)
  if (control !== undefined || hiddenControl !== undefined) {
    const verb = (hiddenControl ?? /\w+/.exec(text)?.[0] ?? '').toUpperCase()
    refuse(`The statement ${verb}`, "Use sql.begin('isolation level …', async (sql) => …) and sql.savepoint.")
  }
  if (leaves !== undefined) {
    refuse(
      `A statement that leaves ${leaves} on its connection`,
      'Run it with tenancy.session, or use its LOCAL form in sql.begin.',
    )
  }
  if (asksSession !== undefined) refuse(asksSession, "Use insert … returning, or currval('name_of_the_sequence').")
}

export function refuse(what: string, mend: string): never {
  throw new TenancyError('UNSAFE_STATEMENT', `${what} is refused by tenantSql. ${mend}`)
}
