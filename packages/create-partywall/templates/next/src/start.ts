/** `npm start`: in development migrations, demo tenants and `next dev`; with NODE_ENV=production the build. */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { prepare } from './prepare.ts'
import { openTenancy } from './tenancy.ts'

const isProduction = process.env.NODE_ENV === 'production'
if (!isProduction) {
  const tenancy = openTenancy()
  await prepare(tenancy)
  await tenancy.close()
}

const next = createRequire(import.meta.url).resolve('next/dist/bin/next')
const child = spawn(process.execPath, [next, isProduction ? 'start' : 'dev'], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
child.on('exit', (code) => process.exit(code ?? 1))
