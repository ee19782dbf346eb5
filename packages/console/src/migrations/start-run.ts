/** What a browser may ask of a run. Rolling back, redoing and emptying are for the command line, where the schemas are named one by one. */
import type { PlanOptions, RunOptions } from 'partywall'
import * as z from 'zod'

const names = z.array(z.string().min(1).max(63)).min(1).max(1000)
const to = z.string().min(1).max(300)

export const startBody = z
  .strictObject({
    tenants: names.optional(),
    kinds: names.optional(),
    shared: z.literal(true).optional(),
    to: to.optional(),
    canary: z.int().min(0).max(10_000).optional(),
    concurrency: z.int().min(1).max(64).optional(),
    onFailure: z.enum(['continue', 'stop']).optional(),
    maxFailures: z.int().min(1).max(100_000).optional(),
    lockTimeoutMs: z.int().min(0).max(600_000).optional(),
    statementTimeoutMs: z.int().min(0).max(86_400_000).optional(),
    resume: z.literal(true).optional(),
    anyway: z.literal(true).optional(),
  })
  .refine((body) => body.shared === undefined || (body.tenants ?? body.kinds) === undefined, {
    error: 'The shared schema is migrated alone, or with all tenants.',
    path: ['shared'],
  })

export function runOptionsOf(body: z.infer<typeof startBody>): RunOptions {
  const { anyway: _, tenants, ...options } = body
  return { ...options, ...(tenants !== undefined && { tenants: tenants.map((schema) => ({ schema })) }) }
}

const query = z.object({ tenant: names.optional(), kind: names.optional(), to: z.array(to).max(1).optional() })

export function planQuery(given: Record<string, string[]>): PlanOptions {
  const { tenant, kind, to: last } = query.parse(given)
  return {
    ...(tenant !== undefined && { tenants: tenant.map((schema) => ({ schema })) }),
    ...(kind !== undefined && { kinds: kind }),
    ...(last !== undefined && { to: last[0] }),
  }
}
