/** Imports the application that `--app` names, and says what can be seen of it. Never throws: what fails is a fact. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { admissionsMade } from '../../http/shared/middleware-mark.ts'
import type { AppFacts } from './app-facts.ts'
import { seeAppOf } from './find-app.ts'
import { guarded } from './guarded-import.ts'
import { watchPackages, type SeenOptions } from './watched-packages.ts'

/**
 * The application that the module exports. `release` ends the guard around its code: call it when the report is written.
 * @param name of the file, from the current folder
 * @param tenancy for a function that makes the application of it; undefined where the config is refused
 * @param describe the message of an error, without passwords
 */
export async function readApp(
  name: string,
  allowed: readonly string[],
  describe: (error: unknown) => string,
  tenancy: unknown,
): Promise<AppFacts & { release(): void }> {
  const file = resolve(name)
  let options: SeenOptions = { cookies: [], folders: [] }
  const { result, error, listening, problems, release } = await guarded(async () => {
    options = watchPackages(file)
    const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>
    return seeAppOf(module, tenancy)
  })
  return {
    name,
    failure: error === undefined ? undefined : describe(error),
    seen: result,
    ...options,
    listening,
    // Read when the other checks are done: code of the application goes on to run meanwhile.
    get problems() {
      return problems.map(describe)
    },
    admissions: admissionsMade(),
    allowed,
    release,
  }
}
