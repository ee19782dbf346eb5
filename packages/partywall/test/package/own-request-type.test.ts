/**
 * An application, or a library that it uses, may declare `tenant` in the request of Express with a type of its own. Then it names another
 * property for partywall's tenant, or none, and its program compiles, also when tsc checks the declarations of packages.
 */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compileProject } from './consumer.ts'
import { publishedDeclarations } from './declarations.ts'

const { folder } = await publishedDeclarations()
const strict = { module: 'nodenext', moduleResolution: 'nodenext', skipLibCheck: false, exactOptionalPropertyTypes: true }

const ownType = `
export interface OwnTenant {
  subdomain: string
}
declare global {
  namespace Express {
    interface Request {
      tenant?: OwnTenant
    }
  }
}
`

const register = (property: string) => `
import { createTenancy } from 'partywall'
import { z } from 'zod'
export const tenancy = createTenancy({ tenant: { attributes: z.object({ plan: z.enum(['free', 'pro']) }) } })
declare module 'partywall' {
  interface Register {
    tenancy: typeof tenancy
    requestProperty: ${property}
  }
}
`

const use = (property: string, read: string) => `
import express from 'express'
import { requireTenant, tenancyErrors, tenantScope } from 'partywall/express'
import type { OwnTenant } from './own-type.ts'
import { tenancy } from './register.ts'

const app = express()
app.use((req, _res, next) => {
  req.tenant = { subdomain: 'own' }
  next()
})
app.use(tenantScope(tenancy, { property: ${property} }))
app.get('/', requireTenant(), (req, res) => {
  const own: OwnTenant | undefined = req.tenant
  ${read}
  res.json(own)
})
app.use(tenancyErrors())
`

test('with another property, req.tenant has the type of the application, and the property that of the tenant', async () => {
  const read = `
  const plan: 'free' | 'pro' | undefined = req.customer?.attributes.plan
  // @ts-expect-error -- it is read-only
  req.customer = undefined
  void plan`
  const files = { 'own-type.ts': ownType, 'register.ts': register("'customer'"), 'use.ts': use("'customer'", read) }
  expect(await compileProject(join(folder, 'another'), files, strict)).toBe('')
})

test('without a property, req.tenant has the type of the application', async () => {
  const files = { 'own-type.ts': ownType, 'register.ts': register('false'), 'use.ts': use('false', '') }
  expect(await compileProject(join(folder, 'none'), files, strict)).toBe('')
})

test('without a registration, tsc reports the conflict', async () => {
  const files = { 'own-type.ts': `import type {} from 'partywall/express'\n${ownType}` }
  const problems = await compileProject(join(folder, 'conflict'), files, strict)
  // At which of the declarations depends on how tsc divides the files between its checkers.
  expect(problems).toContain("error TS2430: Interface 'Request' incorrectly extends interface 'TenantOfRequest'")
})

test('a property that is not the registered one does not compile', async () => {
  const files = { 'own-type.ts': ownType, 'register.ts': register("'customer'"), 'use.ts': use("'client'", '') }
  expect(await compileProject(join(folder, 'wrong'), files, strict)).toContain('use.ts(12,')
})
