/**
 * What a reference to a tenant means: an id, a schema, a domain or an external id. A text that no tenant can have (a megabyte, a quote, a zero byte) is
 * unknown and never reaches the database.
 */
import { adoptedSchemaProblem, isAwaySchema, isUuid } from '../../names/identifier.ts'
import { TenancyError } from '../../errors.ts'
import { tryParseDomain } from '../../names/domain-name.ts'
import { isExternalId } from '../../names/external-id.ts'

/** The column by which a tenant is looked up. `impossible`: no tenant can have this name. */
export type TenantKey = PossibleKey | { readonly by: 'impossible'; readonly value: string }

export interface PossibleKey {
  readonly by: 'id' | 'schema' | 'domain' | 'externalId'
  readonly value: string
}

/**
 * The key that a TenantRef stands for. A string with the form of a uuid is an id, one with a dot or a leading [ is a domain, any
 * other is a schema; of an object counts the first of id, schema, domain and externalId that it has.
 * @throws TenancyError INVALID_TENANT_REF for what is neither text nor such an object, and for empty text
 */
export function parseTenantRef(ref: unknown): TenantKey {
  if (typeof ref === 'string') {
    if (ref === '') throw invalidRef('empty text')
    if (isUuid(ref)) return idKey(ref)
    return ref.startsWith('[') || ref.includes('.') ? domainKey(ref) : schemaKey(ref)
  }
  if (typeof ref !== 'object' || ref === null) throw invalidRef(ref === null ? 'null' : typeof ref)
  const { id, schema, domain, externalId } = ref as Record<string, unknown>
  if (isName(id)) return idKey(id)
  if (isName(schema)) return schemaKey(schema)
  if (isName(domain)) return domainKey(domain)
  if (isName(externalId)) return { by: isExternalId(externalId) ? 'externalId' : 'impossible', value: externalId }
  throw invalidRef('an object without an id, a schema, a domain or an externalId')
}

/** The reference for a message: short and without control characters, even when it is hostile. */
function printRef(key: TenantKey): string {
  const text = key.value.length > 80 ? `${key.value.slice(0, 80)}…` : key.value
  return key.by === 'impossible'
    ? JSON.stringify(text)
    : `${key.by === 'externalId' ? 'external id' : key.by} ${JSON.stringify(text)}`
}

/** Names the reference, but never existing tenants: the message may reach a stranger. */
export function unknownTenant(key: TenantKey): TenancyError {
  const why =
    key.by === 'impossible'
      ? 'and none can have it: it is not an id, a schema name, a host name or an external id.'
      : 'Create it with tenancy.tenants.create, or check the spelling: tenancy.tenants.list shows those that exist.'
  return new TenancyError(
    'UNKNOWN_TENANT',
    key.by === 'impossible' ? `No tenant has the name ${printRef(key)}, ${why}` : `No tenant has the ${printRef(key)}. ${why}`,
    { details: { by: key.by, ref: key.value.slice(0, 80) } },
  )
}

function idKey(value: string): TenantKey {
  return isUuid(value) ? { by: 'id', value: value.toLowerCase() } : { by: 'impossible', value }
}

function schemaKey(value: string): TenantKey {
  return { by: isAwaySchema(value) || adoptedSchemaProblem(value) === undefined ? 'schema' : 'impossible', value }
}

function domainKey(value: string): TenantKey {
  const domain = tryParseDomain(value)
  return domain === undefined ? { by: 'impossible', value } : { by: 'domain', value: domain }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function invalidRef(seen: string): TenancyError {
  return new TenancyError(
    'INVALID_TENANT_REF',
    `A tenant is named by its schema, its id or one of its domains, as text or as { schema }, { id } or { domain }, or by { externalId }; this is ${seen}.`,
    { details: { seen } },
  )
}
