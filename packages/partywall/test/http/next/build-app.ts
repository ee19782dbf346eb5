/** Builds the app of this folder with the build of the package, and starts what a container would run. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../../../../', import.meta.url))
const workspace = join(root, 'packages/partywall')
// Without the variables of the test run, and without its conditions, by which `partywall` would mean its sources.
const { PATH, HOME } = process.env
const plain = { PATH, HOME, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' } as const

export interface BuiltApp {
  readonly port: number
  /** What the server wrote to its log. */
  log(): string
  close(): Promise<void>
}

export async function buildApp(env: Readonly<Record<string, string>>): Promise<BuiltApp> {
  await mkdir(join(root, '.partywall'), { recursive: true })
  const app = await mkdtemp(join(root, '.partywall', 'next-'))
  try {
    const installed = join(app, 'node_modules/partywall')
    await run(process.execPath, [join(root, 'scripts/build.js'), join(installed, 'dist')])
    await copyFile(join(workspace, 'package.json'), join(installed, 'package.json'))
    await cp(fileURLToPath(new URL('app', import.meta.url)), app, { recursive: true })
    await run(process.execPath, [join(root, 'node_modules/next/dist/bin/next'), 'build'], {
      cwd: app,
      env: { ...plain, APP_ROOT: root },
    })
    const standalone = join(app, '.next/standalone', relative(root, app))
    return await started(standalone, env, () => rm(app, { recursive: true, force: true }))
  } catch (error) {
    await rm(app, { recursive: true, force: true })
    throw error
  }
}

async function started(folder: string, env: Readonly<Record<string, string>>, remove: () => Promise<void>): Promise<BuiltApp> {
  const port = await freePort()
  // Not 127.0.0.1, which Next.js calls localhost in some places: it takes a rewrite for one to another server then.
  const child = spawn(process.execPath, ['server.js'], {
    cwd: folder,
    env: { ...plain, ...env, PORT: String(port), HOSTNAME: '0.0.0.0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  let log = ''
  for (const output of [child.stdout, child.stderr]) output.setEncoding('utf8').on('data', (text: string) => void (log += text))
  const close = async (): Promise<void> => {
    child.kill()
    await ended
    await remove()
  }
  const deadline = Date.now() + 60_000
  while (!/Ready in/.test(log)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await close()
      throw new Error(`The server did not start:\n${log}`)
    }
    await sleep(50)
  }
  return { port, log: () => log, close }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
