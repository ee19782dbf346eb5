/**
 * Makes every session forget its plans when a migration commits. PostgreSQL makes a new plan when a table of it changes, but not when a
 * table of the same name appears earlier in the search path: a prepared statement, or a function, that was planned while only the shared schema
 * had `notes` would go on reading and writing the shared table. A change of a schema's own row makes all sessions make new plans.
 *
 * Revoking a grant option that the role "public" cannot have changes nothing else: it writes that row with what it says already.
 */
import { identifier } from '../../names/identifier.ts'

/** Costs one row of pg_namespace, and for each session one plan at the next use of each prepared statement. */
export function forgetPlansText(schema: string): string {
  return `revoke grant option for usage on schema ${identifier(schema)} from public`
}
