/** The statement of a shared migration that keeps the rows of each tenant in a shared table to themselves. The function is in the catalog. */
import { identifier } from './names/identifier.ts'
import { literal } from './sql/literal.ts'
import { TenancyError } from './errors.ts'
import { seen } from './seen.ts'

/**
 * SQL that protects a table of the shared schema by row security: a tenant reads and writes the rows with its id in `column`, and no others. An insert
 * without the column gets the id of the tenant. The statement may run again on a protected table. It locks the table (ACCESS EXCLUSIVE), reads it
 * once, and makes an index on the column where none begins with it.
 * In a file of SQL, write the statement itself: `select partywall.protect('public.invoices', 'tenant_id');`
 * @param table schema and name, exactly as they are, without quotes
 * @param column of the type uuid, text or varchar without a length; default `tenant_id`
 * @example await client.query(protect('public.invoices', 'tenant_id'))
 * @throws TenancyError INVALID_ARGUMENT
 */
export function protect(table: string, column = 'tenant_id'): string {
  const parts = typeof table === 'string' ? table.split('.') : []
  if (parts.length !== 2 || !parts.every((part) => isName(part))) {
    throw invalid(
      'table',
      table,
      'the schema and the name of a table without quotes, such as public.invoices. For a name with a dot or a quote, write the SQL: select ' +
        'partywall.protect(…)',
    )
  }
  if (!isName(column)) throw invalid('column', column, 'the name of a column without quotes, such as tenant_id')
  return `select partywall.protect(${literal(parts.map((part) => identifier(part)).join('.'))}, ${literal(column)})`
}

/** A name in quotes is refused, because it may be meant without them. */
function isName(name: unknown): name is string {
  return typeof name === 'string' && /^[^"\0]+$/.test(name) && name.trim() === name && Buffer.byteLength(name) <= 63
}

function invalid(argument: string, value: unknown, must: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `The ${argument} of protect must be ${must}; it is ${seen(value, 'quoted')}.`, {
    details: { option: argument, what: 'protect' },
  })
}
