/**
 * Options of a library that an adapter refuses: they would bypass the tenancy, or use one schema for all tenants, or do nothing. Each
 * adapter has a table of them: the name of the option, and what to do instead.
 */
import { TenancyError } from '../../errors.ts'

export type RefusedOptions = Readonly<Record<string, string>>

/**
 * Passes options that hold none of these. Their values may hold a password, so no message shows them.
 * @param adapter the function that was called, e.g. `tenantKnex`
 * @throws TenancyError INVALID_OPTION
 */
export function assertNoneRefused(
  adapter: string,
  options: object,
  refused: RefusedOptions,
  isGiven: (value: unknown) => boolean = (value) => value !== undefined,
): void {
  for (const [option, instead] of Object.entries(refused)) {
    if (isGiven((options as Record<string, unknown>)[option])) throw refusedOption(adapter, option, instead)
  }
}

/** The error for one option, where it is not a plain key of the options. */
export function refusedOption(adapter: string, option: string, instead: string): TenancyError {
  return new TenancyError('INVALID_OPTION', `${adapter} refuses the option ${JSON.stringify(option)}. ${instead}`, {
    details: { option },
  })
}

/** What to do instead, for everything that says where the server is and how many connections there are. */
export const setByTenancy =
  'The tenancy decides on the database, its connections and their number: set "database" and "pool" in partywall.config.ts.'

/** What to do instead, for a schema that the library would write into every statement. */
export const schemaInEachStatement =
  'The library would write that schema into every statement. Leave it out; for a shared table, set the schema on that table alone.'
