/**
 * Identifiers reach SQL text only through `identifier()`. Names of tenant schemas are also limited to a small alphabet, so that
 * a forgotten quote could not change what a name means, and no two names differ only by case.
 */
import { TenancyError } from '../errors.ts'
import { seen } from '../seen.ts'
import { readyPrefix } from './ready-schema.ts'
import { templatePrefix } from './template-schema.ts'

const maxBytes = 63
const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** The schema of partywall's own tables. */
export const catalogSchema = 'partywall'

/** Schemas that no tenant can have. */
const reservedNames = new Set(['information_schema', 'public', catalogSchema])

/** How the schema of a tenant is called while it is archived or being deleted: no tenant can be given such a name. */
const awayPrefix = 'partywall_archived_'

/** The schema of the tenant with this id while it is away: its own name is free then. */
export function awaySchema(id: string): string {
  return `${awayPrefix}${id.replaceAll('-', '')}`
}

/** Whether a schema is that of a tenant that is away. */
export function isAwaySchema(name: string): boolean {
  return name.startsWith(awayPrefix) && /^[0-9a-f]{32}$/.test(name.slice(awayPrefix.length))
}

/** Reports, events and the command line call the shared schema so, whatever its name is. */
const nameOfShared = 'shared'

/**
 * Quotes a name for use as an SQL identifier.
 * @example identifier('user') === '"user"'
 * @throws TenancyError INVALID_SCHEMA_NAME for an empty name, a zero byte, or more than 63 bytes: PostgreSQL would silently cut it
 */
export function identifier(name: string): string {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > maxBytes) {
    throw new TenancyError(
      'INVALID_SCHEMA_NAME',
      `${seen(name, 'quoted')} cannot be an identifier: PostgreSQL takes 1 to ${maxBytes} bytes and no zero byte.`,
      { details: { name } },
    )
  }
  return `"${name.replaceAll('"', '""')}"`
}

/** A uuid in text form, in any case. */
export function isUuid(text: string): boolean {
  return uuidForm.test(text)
}

/** Why `name` cannot be the schema of a tenant, as half a sentence; undefined when it can. */
export function schemaNameProblem(name: unknown, reserved: Iterable<string> = []): string | undefined {
  if (typeof name !== 'string') return `it is ${name === null ? 'null' : typeof name}, not text`
  if (name === '') return 'it is empty'
  if (Buffer.byteLength(name) > maxBytes) return `it has ${Buffer.byteLength(name)} bytes, and PostgreSQL keeps ${maxBytes}`
  if (/[A-Z]/.test(name)) return `it has upper-case letters; use ${JSON.stringify(name.toLowerCase())}`
  if (!/^[a-z_][a-z0-9_-]*$/.test(name) || name.endsWith('\n')) {
    return 'it must start with a letter or _ and hold only a-z, 0-9, _ and -'
  }
  if (name.startsWith('pg_')) return 'names that start with pg_ belong to PostgreSQL'
  if (name.startsWith(awayPrefix)) return `names that start with ${awayPrefix} belong to archived tenants`
  if (name.startsWith(templatePrefix)) return `names that start with ${templatePrefix} belong to templates`
  if (name.startsWith(readyPrefix)) return `names that start with ${readyPrefix} belong to schemas that wait for a tenant`
  if (uuidForm.test(name)) return 'it has the form of a tenant id'
  if (reservedNames.has(name)) return 'this schema is reserved'
  if (name === nameOfShared) return 'reports and the command line use this name for the shared schema'
  if (new Set(reserved).has(name)) return 'this schema is reserved by the configuration'
  return undefined
}

/**
 * Passes a name that can be a tenant's schema.
 * @throws TenancyError INVALID_SCHEMA_NAME
 */
export function assertSchemaName(name: unknown, reserved: Iterable<string> = []): asserts name is string {
  const problem = schemaNameProblem(name, reserved)
  if (problem === undefined) return
  throw new TenancyError(
    'INVALID_SCHEMA_NAME',
    `${seen(name, 'quoted')} cannot be the schema of a tenant: ${problem}. ` +
      'A schema name has 1 to 63 lower-case letters, digits, _ or -, and starts with a letter or _.',
    { details: { name: seen(name, 'quoted') } },
  )
}

/**
 * Why `name` cannot be the schema of an adopted tenant, as half a sentence; undefined when it can. Other programs also make names with capitals, and with
 * a digit first.
 */
export function adoptedSchemaProblem(name: unknown, reserved: Iterable<string> = []): string | undefined {
  if (typeof name === 'string' && /^[A-Za-z0-9_][A-Za-z0-9_-]*$/.test(name) && !name.endsWith('\n') && !uuidForm.test(name)) {
    // The same rules for what is left of the name.
    return schemaNameProblem(name.replace(/^[0-9-]/, '_').replaceAll(/[A-Z]/g, 'a'), []) ?? reservedProblem(name, reserved)
  }
  return schemaNameProblem(name, reserved) ?? 'it has characters that are refused'
}

function reservedProblem(name: string, reserved: Iterable<string>): string | undefined {
  return new Set(reserved).has(name) ? 'this schema is reserved by the configuration' : undefined
}

/**
 * Passes a name that can be the schema of a tenant that is adopted in place.
 * @throws TenancyError INVALID_SCHEMA_NAME
 */
export function assertAdoptedSchemaName(name: unknown, reserved: Iterable<string> = []): asserts name is string {
  const problem = adoptedSchemaProblem(name, reserved)
  if (problem === undefined) return
  throw new TenancyError(
    'INVALID_SCHEMA_NAME',
    `${seen(name, 'quoted')} cannot be the schema of a tenant: ${problem}. ` +
      'The name of a schema that is adopted has 1 to 63 letters without accents, digits, _ or -. Rename the schema first: alter schema … rename to …;',
    { details: { name: seen(name, 'quoted') } },
  )
}
