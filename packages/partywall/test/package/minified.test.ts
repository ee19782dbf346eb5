/** Libraries know a pool by the name of its class, which bundlers shorten: the pools keep theirs. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const source = join(root, 'packages/partywall/src')

test('a bundler that shortens names leaves those of the pools', async () => {
  const minified = await bundle(`
    import { HeldClients } from '${source}/database/pool/held-clients.ts'
    import { TenantPool } from '${source}/database/pool/tenant-pool.ts'
    import { LentPool } from '${source}/orm/shared/lent-pool.ts'
    export const names = [TenantPool, LentPool, HeldClients].map((pool) => pool.prototype.constructor.name)`)
  const [tenantPool, lentPool, other] = minified.names
  expect(other!.length, 'the point of this test').toBeLessThan(3)
  expect([tenantPool, lentPool]).toEqual(['TenantPool', 'LentPool'])
})

/** The module of this text, made small by the bundler that vitest brings. */
async function bundle(text: string): Promise<{ readonly names: readonly string[] }> {
  await mkdir(join(root, '.partywall'), { recursive: true })
  const folder = await mkdtemp(join(root, '.partywall', 'minified-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'entry.ts'), text)
  const vite = createRequire(import.meta.resolve('vitest')).resolve('vite')
  const { build } = await import(pathToFileURL(vite).href)
  await build({
    configFile: false,
    logLevel: 'silent',
    root: folder,
    build: {
      ssr: join(folder, 'entry.ts'),
      outDir: folder,
      emptyOutDir: false,
      minify: true,
      rollupOptions: { external: ['pg'] },
    },
  })
  return import(pathToFileURL(join(folder, 'entry.js')).href)
}
