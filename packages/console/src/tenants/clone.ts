/** A copy of a tenant: its plan, and its making. */
import type { Context } from 'hono'
import type { Tenant } from 'partywall'
import * as z from 'zod'
import type { AnyTenancy, ConsoleEnv } from '../parts.ts'
import type { ClonePlanAnswer } from './api.ts'
import { streamedWork } from './work.ts'

export const cloneBody = z.strictObject({
  schema: z.string().max(200),
  name: z.string().min(1).max(1000).optional(),
  data: z.boolean().default(true),
  /** By `table.column`; expressions of SQL do not come from a browser. */
  mask: z.record(z.string().max(200), z.enum(['null', 'hash', 'email', 'empty'])).optional(),
  accept: z.boolean().optional(),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
})

type Body = z.infer<typeof cloneBody>

/** The attributes are those of the source: without them a schema with required ones would refuse each clone. */
function inputOf({ expiresAt, ...body }: Body, { attributes }: Tenant<any>) {
  return { ...body, attributes, ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }) }
}

export async function planClone(tenancy: AnyTenancy, source: Tenant<any>, body: Body): Promise<ClonePlanAnswer> {
  const plan = await tenancy.tenants.clone({ id: source.id }, { ...inputOf(body, source), plan: true })
  const { tables, rows, bytes, mayHoldSecrets, cut, sharedRows, refused, remarks } = plan
  return {
    tables: tables.map(({ name, rows: count, bytes: size, isCopied }) => ({ name, rows: count, bytes: size, isCopied })),
    rows,
    bytes,
    mayHoldSecrets,
    cut,
    sharedRows: sharedRows.map(({ table, rows: count }) => ({ table, rows: count })),
    refused,
    remarks,
  }
}

export function cloneStreamed(tenancy: AnyTenancy, c: Context<ConsoleEnv>, source: Tenant<any>, body: Body): Response {
  return streamedWork(tenancy, c, {
    schema: body.schema,
    first: body.data ? `Copy ${source.schema}` : `Copy the structure of ${source.schema}`,
    run: () => tenancy.tenants.clone({ id: source.id }, inputOf(body, source)),
  })
}
