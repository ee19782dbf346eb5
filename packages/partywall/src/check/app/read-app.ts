/** Imports the application that `--app` names, and says what can be seen of it. Never throws: what fails is a fact. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { admissionsMade } from '../../http/shared/middleware-mark.ts'
import type { AppFacts, SeenCookie } from './app-facts.ts'
import { seeAppOf } from './find-app.ts'
import { guarded } from './guarded-import.ts'
import { watchSessionPackages } from './session-packages.ts'

/**
 * @param name of the file, from the current folder
 * @param describe the message of an error, without passwords
 */
export async function readApp(name: string, allowed: readonly string[], describe: (error: unknown) => string): Promise<AppFacts> {
  const file = resolve(name)
  let cookies: readonly SeenCookie[] = []
  const { result, error, listening, problems } = await guarded(async () => {
    cookies = watchSessionPackages(file)
    const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>
    return seeAppOf(module)
  })
  return {
    name,
    failure: error === undefined ? undefined : describe(error),
    seen: result,
    cookies,
    listening,
    problems: problems.map(describe),
    admissions: admissionsMade(),
    allowed,
  }
}
