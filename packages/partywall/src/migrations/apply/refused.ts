/** What the refusal of a statement means for the file of a migration: its author can edit the file, and chooses no pool and no session. */
import type { AnyTenancyError } from '../../errors.ts'

/** Half a sentence after the place of the statement, with what to do; or the refusal's own words. */
export function refusedInMigration({ code, summary }: AnyTenancyError, state: string | undefined, statement = ''): string {
  if (code === 'NO_TENANT') {
    return 'a statement came from outside every scope. Send it with the `client` that the function of the migration receives: that one is bound to the schema.'
  }
  if (code === 'NEEDS_SESSION') {
    const seen = state === undefined ? '' : ` (SQLSTATE ${state})`
    return `it ends its transaction, or cannot run in one${seen}: move it to a SQL file of its own that has the line \`-- partywall: no-transaction\`.`
  }
  const control = /^(?:begin|start|commit|end|rollback|abort|savepoint|release|prepare)\b/i.exec(statement)?.[0]
  if (code !== 'UNSAFE_STATEMENT' || control === undefined) return summary
  return `${control.toUpperCase()} is refused, because partywall runs the file in a transaction of its own. Leave it out.`
}
