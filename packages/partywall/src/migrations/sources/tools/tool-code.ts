/** The libraries whose migrations are code. */
import type { MigrationContext, Step } from '../../../ports/migration-source.ts'
import { TenancyError } from '../../../errors.ts'
import { warnIfUntested, type TestedLibrary } from '../../../tested-versions.ts'

/**
 * Loads the library whose migrations will run. Only then, so that an application has to install only the libraries that it uses.
 * @param load imports it; written out by the caller, so that types and bundlers see the name
 * @throws TenancyError INVALID_OPTION
 */
export async function loadLibrary<T>(name: TestedLibrary, load: () => Promise<T>): Promise<T> {
  try {
    const library = await load()
    warnIfUntested(name)
    return library
  } catch (error) {
    throw new TenancyError(
      'INVALID_OPTION',
      `Migrations of ${name} need the package ${name}, which cannot be loaded. Install it: npm install ${name}.`,
      { details: { package: name }, cause: error },
    )
  }
}

/** A step in code, as a source gives it: what it sends is reviewed by the runner. */
export function codeStep(run: (context: MigrationContext<any>) => Promise<void> | void): Step {
  return { kind: 'code', run }
}
