/**
 * The versions of other libraries that partywall is tested with, and a warning for a library of another version. A peer dependency cannot
 * say it: npm would refuse to install partywall in every app that holds an older version, whether partywall meets it or not.
 */
import { readFileSync } from 'node:fs'
import nodeModule from 'node:module'
import { join, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { TenancyError } from './errors.ts'

/**
 * In each line: the oldest version that the adapter was tried with, and the one that the tests run with. Newer minor versions count as
 * tested. docs/versions.md says the same.
 */
export const testedVersions = {
  '@aws-sdk/client-s3': ['3.1175'],
  '@databases/pg': ['6.0 to 6.1'],
  '@mikro-orm/postgresql': ['7.1 to 7.2'],
  '@opentelemetry/api': ['1.9'],
  '@prisma/adapter-pg': ['7.0 to 7.10'],
  '@prisma/client': ['7.0 to 7.10'],
  '@trpc/server': ['11.25'],
  'better-auth': ['1.7'],
  bullmq: ['6.7'],
  'drizzle-orm': ['0.45', '1.0'],
  express: ['4.16 to 4.22', '5.0 to 5.3'],
  fastify: ['5.12'],
  'graphile-worker': ['0.18'],
  'graphql-yoga': ['5.24'],
  h3: ['2.0'],
  hono: ['4.13'],
  ioredis: ['5.11'],
  jose: ['6.2'],
  keyv: ['5.6'],
  knex: ['3.0 to 3.3'],
  koa: ['3.3'],
  kysely: ['0.29'],
  next: ['16.4'],
  'node-pg-migrate': ['9.0'],
  'pg-boss': ['12.38'],
  'pg-promise': ['12.0 to 12.7'],
  pino: ['10.4'],
  postgres: ['3.4.5 to 3.4.9'],
  'prom-client': ['15.1'],
  redis: ['6.3'],
  sequelize: ['6.29 to 6.37'],
  slonik: ['49.0 to 49.10'],
  'socket.io': ['4.8'],
  typeorm: ['1.0 to 1.1'],
  umzug: ['3.0 to 3.8'],
  unstorage: ['1.17'],
  ws: ['8.23'],
} as const satisfies Readonly<Record<string, readonly string[]>>

export type TestedLibrary = keyof typeof testedVersions

/**
 * Emits a warning when the application has a version of the library that is not tested: once for each library in a process. Every adapter
 * calls it when it is made. Costs one search for a package.json, at the first call; where none is found, as in a bundle, it stays silent.
 */
export function warnIfUntested(library: TestedLibrary): void {
  if (looked.has(library)) return
  looked.add(library)
  const seen = installedVersion(library)
  if (seen === undefined || isTested(testedVersions[library], seen)) return
  process.emitWarning(
    `${library} ${seen} is installed, and partywall is tested with ${testedList(library)}. Run your own tests with two tenants, or install ` +
      'a tested version. What is known of other versions: docs/versions.md.',
    { code: 'PARTYWALL_UNTESTED_VERSION' },
  )
}

/** The refusal of a version with which statements would miss their tenant. */
export function unusableVersion(library: TestedLibrary, why: string): TenancyError {
  const seen = installedVersion(library)
  return new TenancyError(
    'INVALID_OPTION',
    `${seen === undefined ? `This version of ${library}` : `${library} ${seen}`} ${why} Install a version that is tested ` +
      `(docs/versions.md): ${testedList(library)}.`,
    { details: { package: library, ...(seen !== undefined && { seen }) } },
  )
}

const looked = new Set<TestedLibrary>()

function testedList(library: TestedLibrary): string {
  return testedVersions[library].join(' and ')
}

/** @param lines such as '4.16 to 4.22', '3.4.5 to 3.4.9' or '0.45' */
export function isTested(lines: readonly string[], version: string): boolean {
  const [major, minor, patch] = numbersOf(version)
  return lines.some((line) => {
    const [testedMajor, oldestMinor, oldestPatch] = numbersOf(line.split(' to ')[0]!)
    if (major !== testedMajor) return false
    // Below 1.0, each minor version may break what the one before it promised.
    return minor === oldestMinor ? patch >= oldestPatch : major > 0 && minor > oldestMinor
  })
}

function numbersOf(version: string): readonly [major: number, minor: number, patch: number] {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  return [major, minor, patch]
}

/** The version that the application finds; undefined if it finds none, or one that cannot be read. */
export function installedVersion(library: string): string | undefined {
  for (const place of placesOfApplication()) {
    try {
      const file = nodeModule.findPackageJSON(library, pathToFileURL(place))
      if (file === undefined) continue
      const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown; version?: unknown }
      if (name === library && typeof version === 'string' && /^\d+\.\d+/.test(version)) return version
    } catch {
      // Not installed there, not readable, or a runtime without this function.
    }
  }
  return undefined
}

/** Files from which to search: the program, unless it is a tool in node_modules that loads the application; then the working directory. */
function placesOfApplication(): string[] {
  const program = process.argv[1]
  const isTool = program === undefined || program.split(sep).includes('node_modules')
  return [...(isTool ? [] : [program]), join(process.cwd(), 'package.json')]
}
