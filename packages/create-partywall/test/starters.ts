/** Projects in a folder of the repository, so that they find its packages. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { atFileEnd } from '../../partywall/test/support/run/file-end.ts'
import { everyChoice, type Choice } from '../src/choices.ts'
import { projectFiles } from '../src/project.ts'

export const repository = fileURLToPath(new URL('../../../', import.meta.url))

/** A folder that is removed at the end of the test file. */
export async function scratch(): Promise<string> {
  await mkdir(join(repository, '.partywall'), { recursive: true })
  const folder = await mkdtemp(join(repository, '.partywall', 'starters-'))
  atFileEnd(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export async function writeFiles(folder: string, choices: readonly Choice[]): Promise<void> {
  for (const choice of choices) {
    for (const [path, text] of projectFiles(choice)) {
      const file = join(folder, choice.name, path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, text)
    }
  }
}

/** Writes each project into a folder of its name, with its client of Prisma: that is one, because the schema files are the same. */
export async function writeProjects(folder: string, choices: readonly Choice[]): Promise<void> {
  await writeFiles(folder, choices)
  const [first, ...others] = choices.filter(({ orm }) => orm === 'prisma').map(({ name }) => join(folder, name))
  if (first === undefined) return
  await generatePrisma(first)
  for (const other of others) await symlink(join(first, 'src/generated'), join(other, 'src/generated'))
}

/** As `npm install` does by the script postinstall. */
async function generatePrisma(folder: string): Promise<void> {
  // `generate` looks for the schema engine, which a real install downloads, and never starts it.
  const engine = join(folder, 'engine.sh')
  await writeFile(engine, '#!/bin/sh\nexit 0\n')
  await chmod(engine, 0o755)
  const env = { PRISMA_SCHEMA_ENGINE_BINARY: engine, CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' }
  const { code, output } = await run(folder, [join(repository, 'node_modules/prisma/build/index.js'), 'generate'], env)
  if (code !== 0) throw new Error(`prisma generate failed:\n${output}`)
}

/** @throws Error for a name that is not offered */
export function choiceOf(name: string): Choice {
  const choice = everyChoice().find((one) => one.name === name)
  if (choice === undefined) throw new Error(`There is no starter ${name}.`)
  return choice
}

/** Node.js in the folder, with the packages of this repository. */
export function start(folder: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['--conditions=@partywall/source', ...args], {
    cwd: folder,
    // Without the variables of Vitest, by which node:test and Next.js would take themselves for parts of this run.
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  return { child, ended: once(child, 'close'), output: () => output }
}

export async function run(folder: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { child, ended, output } = start(folder, args, env)
  await ended
  return { code: child.exitCode, output: output() }
}
