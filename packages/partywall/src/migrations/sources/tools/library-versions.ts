/**
 * The versions of the libraries with which their migrations run. Adapters may need newer ones: `testedVersions`. A version that is too old fails
 * inside of the library, with an error that names something else; so it is refused before.
 */
import { TenancyError } from '../../../errors.ts'
import { installedVersion } from '../../../tested-versions.ts'

/** The oldest major of each that was tried, and works; docs/migrations-from-tools.md says the same. Below 1.0: the minor. */
export const oldestForMigrations = {
  '@mikro-orm/postgresql': '7.0',
  knex: '2.0',
  kysely: '0.27',
  'node-pg-migrate': '7.0',
  sequelize: '6.0',
  typeorm: '0.3',
} as const

/**
 * Passes a library whose version is known to work, or newer, or cannot be read.
 * @throws TenancyError INVALID_OPTION
 */
export function assertUsableLibrary(library: keyof typeof oldestForMigrations): void {
  const seen = installedVersion(library)
  const oldest = oldestForMigrations[library]
  if (seen === undefined || isAtLeast(seen, oldest)) return
  throw new TenancyError(
    'INVALID_OPTION',
    `${library} ${seen} is installed, and its migrations cannot run with partywall: ${library} ${oldest} or newer is needed. Install a newer ` +
      'version for the migrations, or give them as SQL files.',
    { details: { package: library, seen } },
  )
}

/** Compares major and minor. */
export function isAtLeast(version: string, oldest: string): boolean {
  const [[major = 0, minor = 0], [oldMajor = 0, oldMinor = 0]] = [version, oldest].map((text) =>
    text.split('.').map(Number.parseFloat),
  ) as [number[], number[]]
  return major > oldMajor || (major === oldMajor && minor >= oldMinor)
}
