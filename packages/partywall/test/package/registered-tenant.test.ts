/**
 * A registered tenancy types `req.tenant`, in a project that has installed the package: the interface that is augmented is declared in one
 * file of it, re-exported by `partywall` and used by `partywall/express`. A registration counts for a whole program, so each is a program of
 * its own, and not a test of types in this repository.
 */
import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { publishedDeclarations, tsc } from './declarations.ts'

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
  const problems = await compile(`${module}-registered`, { module, moduleResolution }, { 'register.ts': register, 'use.ts': use })
  expect(problems).toBe('')
})

test('without a registration, req.tenant has plain attributes', async () => {
  const resolution = { module: 'nodenext', moduleResolution: 'nodenext' }
  expect(await compile('unregistered', resolution, { 'use.ts': unregistered })).toBe('')
})

test('a wrong use is found, so the checks above do check', async () => {
  const wrong = use.replace("'free' | 'pro' | undefined", "'gold' | undefined")
  const resolution = { module: 'nodenext', moduleResolution: 'nodenext' }
  expect(await compile('wrong', resolution, { 'register.ts': register, 'use.ts': wrong })).toContain('use.ts(11,9): error TS2322')
})

/** What tsc reports about a project; nothing when it compiles. */
async function compile(name: string, resolution: object, files: Record<string, string>): Promise<string> {
  const project = join(folder, name)
  await mkdir(project)
  for (const [file, text] of Object.entries(files)) await writeFile(join(project, file), text)
  await writeFile(join(project, 'package.json'), '{ "type": "module" }')
  const compilerOptions = { ...resolution, ...common }
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  const { stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', project, '--pretty', 'false'], {
    cwd: project,
    encoding: 'utf8',
  })
  return stdout + stderr
}

const common = {
  target: 'es2022',
  types: ['node'],
  strict: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
}
