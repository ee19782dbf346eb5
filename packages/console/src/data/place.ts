/**
 * Whose rows are read and written. All statements go through the binding of the place: those of a tenant run in its scope, with its search path and its role,
 * so the database refuses what the console might get wrong.
 */
import type { Tenant } from 'partywall'
import type { AnyTenancy } from '../parts.ts'
import type { PlaceAnswer } from './api.ts'
import { Refusal } from './refusal.ts'

export interface Place {
  readonly answer: PlaceAnswer
  readonly schema: string
  readonly sharedSchema: string
  /** Absent: it is not that of a tenant. */
  readonly tenant?: Tenant<any>
}

/** A connection that is bound to the place, in a transaction. */
export interface Client {
  query(statement: string | { readonly text: string; readonly values: unknown[] }): Promise<{ readonly rows: unknown[] }>
}

/** How the tables of all tenants are called in addresses: no tenant can have this name. */
export const sharedPlace = 'shared'
/** No tenant can have a schema that begins like this. */
const templatePrefix = 'partywall_template_'

/** @throws TenancyError UNKNOWN_TENANT; Refusal for a template that does not exist */
export async function placeOf(tenancy: AnyTenancy, text: string): Promise<Place> {
  const { sharedSchema } = tenancy.options
  if (text === sharedPlace) {
    return { answer: { kind: 'shared', place: sharedPlace, name: 'Shared by all tenants' }, schema: sharedSchema, sharedSchema }
  }
  if (text.startsWith(templatePrefix)) return templateOf(tenancy, text)
  const tenant = await tenancy.tenants.get({ schema: text })
  const isOpen = ['active', 'suspended', 'maintenance'].includes(tenant.status)
  const readOnly = isOpen ? {} : { readOnly: `The tenant is ${tenant.status}, so its rows can only be read.` }
  return {
    answer: { kind: 'tenant', place: tenant.schema, name: tenant.name, status: tenant.status, ...readOnly },
    schema: tenant.schema,
    sharedSchema,
    tenant,
  }
}

async function templateOf(tenancy: AnyTenancy, schema: string): Promise<Place> {
  const template = (await tenancy.templates.list()).find((one) => one.schema === schema)
  if (template === undefined) throw new Refusal('BAD_ADDRESS', 'There is no such template.')
  const name = template.name === null ? `Template of ${template.kind}` : `Template ${template.name}`
  const readOnly = 'This is a template: new tenants get its tables and rows. Migrations change it, and the console does not.'
  return { answer: { kind: 'template', place: schema, name, readOnly }, schema, sharedSchema: tenancy.options.sharedSchema }
}

/** How long a statement of the console may take. */
export const statementLimitMs = 5000
const lockLimitMs = 2000

/** Reads in one snapshot, in which nothing can be written. */
export function reading<T>(
  tenancy: AnyTenancy,
  place: Place,
  work: (client: Client) => Promise<T>,
  limitMs = statementLimitMs,
): Promise<T> {
  return transaction(tenancy, place, 'begin transaction isolation level repeatable read, read only', limitMs, work)
}

/** One transaction: all of it is kept, or nothing. */
export function writing<T>(tenancy: AnyTenancy, place: Place, work: (client: Client) => Promise<T>): Promise<T> {
  return transaction(tenancy, place, 'begin', statementLimitMs, work)
}

async function transaction<T>(
  tenancy: AnyTenancy,
  { tenant }: Place,
  begin: string,
  limitMs: number,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const bound = async (): Promise<T> => {
    const client = await tenancy.pool.connect()
    try {
      await client.query(begin)
      for (const setting of settings(limitMs)) await client.query(setting)
      const result = await work(client)
      await client.query('commit')
      return result
    } catch (error) {
      // Fails on a broken connection; the first error tells why.
      await client.query('rollback').catch(() => {})
      throw error
    } finally {
      client.release()
    }
  }
  if (tenant === undefined) return tenancy.runShared(bound)
  return tenancy.run(tenant, bound, { allowInactive: true })
}

/** The same text for the same value, whatever the role, the database or the application has set: a key in an address must be found again. */
function settings(limitMs: number): string[] {
  return [
    `set local statement_timeout = ${limitMs}`,
    `set local lock_timeout = ${Math.min(lockLimitMs, limitMs)}`,
    `set local timezone = 'UTC'`,
    `set local datestyle = 'ISO, YMD'`,
    `set local intervalstyle = 'postgres'`,
    `set local extra_float_digits = 3`,
    `set local bytea_output = 'hex'`,
  ]
}
