/** Loads the library whose migrations are to be run: only then, so that nobody must install what he does not use. */
import { TenancyError } from '../../../errors.ts'

/** @param load imports it; written out where it is used, so that types and bundlers see the name */
export async function library<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    throw new TenancyError(
      'INVALID_OPTION',
      `Migrations of ${name} need the package ${name}, which cannot be loaded: npm install ${name}.`,
      {
        details: { package: name },
        cause: error,
      },
    )
  }
}
