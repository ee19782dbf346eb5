/** The form of a new tenant, and its creation. */
import { readdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Context } from 'hono'
import { assertFleetOk, type Tenant } from 'partywall'
import * as z from 'zod'
import type { AnyTenancy, ConsoleEnv } from '../parts.ts'
import type { May, OptionsAnswer } from './api.ts'
import { attributeForm } from './form.ts'
import type { Tell } from './stream.ts'
import { streamedWork, tellSteps } from './work.ts'

const text = (most: number) => z.string().min(1).max(most)

export const newTenant = z.strictObject({
  schema: z.string().max(200),
  name: text(1000).optional(),
  externalId: text(255).optional(),
  kind: text(100).optional(),
  template: text(100).optional(),
  /** A tenant whose structure it gets. */
  structureOf: text(100).optional(),
  seedSet: text(100).optional(),
  domains: z.array(text(300)).max(20).optional(),
  attributes: z.record(z.string().max(200), z.unknown()).optional(),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
})

export function createStreamed(tenancy: AnyTenancy, c: Context<ConsoleEnv>, body: z.infer<typeof newTenant>): Response {
  const { schema, structureOf, seedSet, expiresAt, template, ...rest } = body
  const first =
    template !== undefined
      ? `Copy the template ${template}`
      : structureOf === undefined
        ? 'Make the schema and its tables'
        : `Copy the structure of ${structureOf}`
  return streamedWork(tenancy, c, {
    schema,
    first,
    async run(tell) {
      const tenant = await tenancy.tenants.create({
        ...rest,
        schema,
        ...(template !== undefined && { template }),
        ...(structureOf !== undefined && { cloneFrom: { schema: structureOf } }),
        ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }),
      })
      if (seedSet !== undefined) await seedIn(tenancy, tenant, seedSet, tell)
      return tenant
    },
  })
}

async function seedIn(tenancy: AnyTenancy, { id }: Tenant<any>, set: string, tell: Tell): Promise<void> {
  const name = `Seeds of the set ${set}`
  const beganAt = performance.now()
  tell({ type: 'step', step: { name, state: 'running' } })
  const report = await tenancy.seed({ tenants: { id }, set })
  tell({ type: 'step', step: { name, state: report.ok ? 'done' : 'failed', durationMs: performance.now() - beganAt } })
  assertFleetOk(report)
}

export function resumeStreamed(tenancy: AnyTenancy, c: Context<ConsoleEnv>, tenant: Tenant<any>): Response {
  return streamedWork(tenancy, c, {
    schema: tenant.schema,
    async run(tell) {
      tellSteps(tell, await tenancy.tenants.steps({ id: tenant.id }))
      return tenancy.tenants.resume({ id: tenant.id })
    },
  })
}

export async function newTenantOptions(tenancy: AnyTenancy, may: May): Promise<OptionsAnswer> {
  const { migrations, resolve: resolvers } = tenancy.options
  const templates = await tenancy.templates.list()
  return {
    form: attributeForm(tenancy),
    kinds: Object.keys(migrations.tenant),
    templates: templates.flatMap(({ name, kind, unusable }) =>
      name === null ? [] : [{ name, kind, ...(unusable !== undefined && { unusable }) }],
    ),
    seedSets: await seedSets(tenancy),
    bases: resolvers.flatMap((resolver) => ('hosts' in resolver ? (resolver.hosts?.bases ?? []) : [])),
    may,
  }
}

/** The folders below the one of seeds; those in it run in each new tenant. */
async function seedSets({ options: { seeds, root } }: AnyTenancy): Promise<string[]> {
  if (seeds === false) return []
  try {
    const entries = await readdir(resolve(root, seeds.folder), { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .toSorted()
  } catch {
    return []
  }
}
