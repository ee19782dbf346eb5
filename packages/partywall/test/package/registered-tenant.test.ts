/**
 * A registered tenancy types `req.tenant`, in a project that has installed the package: the interface that is augmented is declared in one
 * file of it, re-exported by `partywall` and used by `partywall/express`. Each
 * is a program of its own, and not a test of types in this repository.
 */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compileProject } from './consumer.ts'
import { publishedDeclarations } from './declarations.ts'

const { folder } = await publishedDeclarations()

const register = `
import { createTenancy } from 'partywall'
import { z } from 'zod'
export const tenancy = createTenancy({ tenant: { attributes: z.object({ plan: z.enum(['free', 'pro']) }) } })
declare module 'partywall' {
  interface Register {
    tenancy: typeof tenancy
  }
}
`

const use = `
import express from 'express'
import type { RegisteredTenant } from 'partywall'
import { requireTenant, tenantScope } from 'partywall/express'
import type { HttpTenancy } from 'partywall/http'
import { tenancy } from './register.ts'

const app = express()
app.use(tenantScope(tenancy))
app.get('/', requireTenant(), (req, res) => {
  const plan: 'free' | 'pro' | undefined = req.tenant?.attributes.plan
  // @ts-expect-error -- the attributes are known, so a typo does not compile
  void req.tenant?.attributes.plans
  res.json(plan)
})
declare const tenant: RegisteredTenant
export const plan: 'free' | 'pro' = tenant.attributes.plan
export const http: HttpTenancy<{ plan: 'free' | 'pro' }> = tenancy
`

const unregistered = `
import type { RegisteredTenant, Tenant } from 'partywall'
import type { Request } from 'express'
import type {} from 'partywall/express'
declare const tenant: RegisteredTenant
export const plain: Tenant = tenant
export const value: unknown = (undefined as unknown as Request).tenant?.attributes['anything']
`

test.each([
  ['nodenext', 'nodenext'],
  ['preserve', 'bundler'],
  ['esnext', 'bundler'],
])('with module %s and moduleResolution %s, the registered tenancy types req.tenant', async (module, moduleResolution) => {
  const files = { 'register.ts': register, 'use.ts': use }
  const problems = await compileProject(join(folder, `${module}-registered`), files, { module, moduleResolution })
  expect(problems).toBe('')
})

test('without a registration, req.tenant has plain attributes', async () => {
  expect(await compileProject(join(folder, 'unregistered'), { 'use.ts': unregistered })).toBe('')
})

test('a wrong use is found, so the checks above do check', async () => {
  const wrong = use.replace("'free' | 'pro' | undefined", "'gold' | undefined")
  const problems = await compileProject(join(folder, 'wrong'), { 'register.ts': register, 'use.ts': wrong })
  expect(problems).toContain('use.ts(11,9): error TS2322')
})
