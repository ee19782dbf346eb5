/** The files of a new project. No file is overwritten; .gitignore gets the lines that it lacks. */
import { existsSync } from 'node:fs'
import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { App } from './app.ts'

/** Paths relative to the folder. */
export interface WrittenProject {
  readonly written: readonly string[]
  readonly changed: readonly string[]
  readonly kept: readonly string[]
}

type Outcome = keyof WrittenProject

/** @param base the domain whose subdomains are tenants */
export async function writeProject(folder: string, base: string, app: App): Promise<WrittenProject> {
  const project: Record<Outcome, string[]> = { written: [], changed: [], kept: [] }
  const note = async (path: string, outcome: Promise<Outcome>): Promise<void> => void project[await outcome].push(path)
  const config = configIn(folder)
  if (config !== undefined) project.kept.push(config)
  else await note('partywall.config.ts', writeNew(join(folder, 'partywall.config.ts'), configFile(base, app)))
  for (const migrations of ['migrations/shared', 'migrations/tenant']) {
    await note(`${migrations}/.gitkeep`, writeIntoEmpty(join(folder, migrations), '.gitkeep', ''))
  }
  await note('.env.example', writeNew(join(folder, '.env.example'), environmentExample))
  await note('.gitignore', ignore(join(folder, '.gitignore'), ['.partywall/', '.env']))
  return project
}

/** The config of the folder, or undefined. */
export function configIn(folder: string): string | undefined {
  return ['ts', 'mts', 'js', 'mjs'].map((ending) => `partywall.config.${ending}`).find((name) => existsSync(join(folder, name)))
}

async function writeNew(path: string, text: string): Promise<Outcome> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text, { flag: 'wx' })
    return 'written'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return 'kept'
    throw error
  }
}

/** Written only into a folder that is empty: its purpose is that git keeps the folder. */
async function writeIntoEmpty(folder: string, name: string, text: string): Promise<Outcome> {
  const entries = await readdir(folder).catch(() => [])
  return entries.length > 0 ? 'kept' : writeNew(join(folder, name), text)
}

async function ignore(path: string, required: readonly string[]): Promise<Outcome> {
  if ((await writeNew(path, `${required.join('\n')}\n`)) === 'written') return 'written'
  const text = await readFile(path, 'utf8')
  const lines = new Set(text.split(/\r?\n/).map((line) => line.trim().replace(/^\//, '').replace(/\/$/, '')))
  const missing = required.filter((line) => !lines.has(line.replace(/\/$/, '')))
  if (missing.length === 0) return 'kept'
  await appendFile(path, `${text === '' || text.endsWith('\n') ? '' : '\n'}${missing.join('\n')}\n`)
  return 'changed'
}

function configFile(base: string, { isBundled }: App): string {
  const root = isBundled ? 'process.cwd()' : 'import.meta.dirname'
  return `import { byHost, defineConfig } from 'partywall'

export default defineConfig({
  // Paths below start here${isBundled ? ': start the app in the folder of its package.json' : ', wherever the program is started'}.
  root: ${root},

  // The PostgreSQL server. Without DATABASE_URL an embedded one is started for development, with its data in .partywall/.
  database: process.env.DATABASE_URL,

  // SQL or TypeScript files, applied in the order of their numbers. Create one: npx partywall migrate new "add titles"
  migrations: { shared: 'migrations/shared', tenant: 'migrations/tenant' },

  // Your own attributes of a tenant, typed and validated by any Standard Schema (zod, valibot, arktype).
  // tenant: { attributes: z.object({ plan: z.enum(['free', 'pro']).default('free') }) },

  // The tenant of a request, the strongest hint first: the host acme.${base}, or a domain of the tenant's own. Others: byPath, byHeader, byClaim, …
  resolve: [byHost({ base: '${base}' })],
})
`
}

const environmentExample = `# Copy this file to .env, which \`partywall\` reads. Your own program reads it with: node --env-file-if-exists=.env src/main.ts
# Without DATABASE_URL an embedded PostgreSQL is used, in .partywall/.
# DATABASE_URL=postgres://user:password@localhost:5432/app
`
