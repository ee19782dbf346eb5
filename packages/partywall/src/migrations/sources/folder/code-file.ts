/** Imports a migration in TypeScript or JavaScript: an ES module with a function `up`, and perhaps `down`. Node.js itself runs .ts files. */
import { pathToFileURL } from 'node:url'
import type { TenancyError } from '../../../errors.ts'
import { importUnbundled } from '../../../import-unbundled.js'
import { nearest } from '../../../nearest.ts'
import type { MigrationContext, Step } from '../../../ports/migration-source.ts'
import { invalidMigration } from '../files/migration-file.ts'
import { isUnwritten } from './templates.ts'

/**
 * Imports the module. Its top level runs, once for each process and content.
 * @throws TenancyError INVALID_MIGRATION
 */
export async function importCodeFile(path: string, checksum: string): Promise<{ up: Step; down?: Step }> {
  const module = await load(path, checksum)
  const { up, down } = module
  if (typeof up !== 'function') throw withoutUp(path, module)
  if (isUnwritten('up', up as Run)) {
    throw invalidMigration(path, 'is not written yet: its function `up` is empty. Write the migration, or remove the file.')
  }
  if (down === undefined) return { up: step(up as Run) }
  if (typeof down !== 'function')
    throw invalidMigration(path, 'exports a `down` that is not a function. Export a function, or nothing.')
  // Rolling back with an empty function would record what did not happen.
  return { up: step(up as Run), ...(!isUnwritten('down', down as Run) && { down: step(down as Run) }) }
}

type Run = (context: MigrationContext<any>) => Promise<void> | void

function step(run: Run): Step {
  return { kind: 'code', run }
}

async function load(path: string, checksum: string): Promise<Record<string, unknown>> {
  try {
    return (await importUnbundled(`${pathToFileURL(path).href}?${checksum}`)) as Record<string, unknown>
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
    throw invalidMigration(
      path,
      `cannot be imported: ${reason}. Its top level must run in Node.js without a compiler, and without a database.`,
      error,
    )
  }
}

function withoutUp(path: string, module: Record<string, unknown>): TenancyError {
  const exported = Object.keys(module)
  const suggestion = exported.find((name) => nearest(name, ['up']) !== undefined)
  const seen = exported.length === 0 ? 'nothing' : exported.join(', ')
  return invalidMigration(
    path,
    `exports ${seen}, but no function \`up\`. ` +
      (suggestion === undefined ? '' : `Did you mean \`up\` by \`${suggestion}\`? `) +
      'Write: export async function up({ client, tenant, sql }: MigrationContext) { … }',
  )
}
