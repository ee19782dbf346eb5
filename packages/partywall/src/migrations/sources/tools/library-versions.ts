/**
 * The versions of the libraries with which their migrations run; adapters may need newer ones (`testedVersions`). Any other version would fail inside
 * of the library, with an error that names something else, or open connections of its own; so it is refused before.
 */
import { TenancyError } from '../../../errors.ts'
import { installedVersion } from '../../../tested-versions.ts'

interface KnownVersions {
  /** The oldest version with which migrations were tried, and work. */
  readonly oldest: string
  /** A newer one, with its minor, that does not work. */
  readonly unusable?: string
}

/** docs/migrations-from-tools.md says the same. */
const known = {
  '@mikro-orm/postgresql': { oldest: '5.9', unusable: '7.0' },
  knex: { oldest: '0.21' },
  kysely: { oldest: '0.27' },
  'node-pg-migrate': { oldest: '6.2' },
  sequelize: { oldest: '6.29' },
  typeorm: { oldest: '0.3' },
} as const satisfies Record<string, KnownVersions>

/**
 * Passes a library whose version is known to work, or is newer, or cannot be read.
 * @throws TenancyError INVALID_OPTION
 */
export function assertUsableLibrary(library: keyof typeof known): void {
  const seen = installedVersion(library)
  const versions: KnownVersions = known[library]
  if (seen === undefined || isUsable(seen, versions)) return
  const except = versions.unusable === undefined ? '' : `, except ${versions.unusable}`
  throw new TenancyError(
    'INVALID_OPTION',
    `${library} ${seen} is installed, and its migrations cannot run with partywall. They run with ${versions.oldest} and newer${except}. Install ` +
      'another version for the migrations, or give them as SQL files.',
    { details: { package: library, seen } },
  )
}

/** Compares major and minor. */
export function isUsable(version: string, { oldest, unusable }: KnownVersions): boolean {
  if (unusable !== undefined && version.startsWith(`${unusable}.`)) return false
  const [[major, minor], [oldMajor, oldMinor]] = [numbersOf(version), numbersOf(oldest)]
  return major > oldMajor || (major === oldMajor && minor >= oldMinor)
}

function numbersOf(version: string): [major: number, minor: number] {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  return [major, minor]
}
