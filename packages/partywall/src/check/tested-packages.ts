/** PW-007: the versions of pg and of the libraries that the project lists, against those that partywall needs and is tested with. */
import type { Observation } from '../findings.ts'
import { isTested, testedVersions } from '../tested-versions.ts'
import { defineCheck } from './check.ts'
import { folderOf, manifestOf } from './installed.ts'
import { join } from 'node:path'

export const testedPackages = defineCheck({
  id: 'PW-007',
  title: 'Versions of packages that are not supported',
  needs: [],
  run: ({ root, ownFile }) => [...pgVersion(root, ownFile), ...libraryVersions(root)],
})

/** As in the peerDependencies of partywall. */
export const oldestPg = { major: 8, minor: 10 } as const

function pgVersion(root: string, ownFile: string): Observation[] {
  const version = versionFrom(root, 'pg') ?? versionOf(folderOf('pg', ownFile))
  if (version === undefined) return []
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  if (major === oldestPg.major && minor >= oldestPg.minor) return []
  const seen = `pg ${version} is installed, and partywall needs ${oldestPg.major}.${oldestPg.minor} or a newer ${oldestPg.major}`
  return [{ severity: 'error', seen, fix: `Install such a version: npm install pg@${oldestPg.major}` }]
}

function libraryVersions(root: string): Observation[] {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = manifestOf(root) ?? {}
  // A library that another package brings along has nothing to do with partywall.
  const listed = { ...devDependencies, ...peerDependencies, ...optionalDependencies, ...dependencies }
  return Object.entries(testedVersions).flatMap(([library, lines]) => {
    const version = Object.hasOwn(listed, library) ? versionFrom(root, library) : undefined
    if (version === undefined || isTested(lines, version)) return []
    const seen = `${library} ${version} is installed, and partywall is tested with ${lines.join(' and ')}`
    return [
      {
        severity: 'warning',
        seen,
        fix: 'Run your own tests with two tenants, or install a tested version; docs/versions.md says what is known.',
      },
    ] as const
  })
}

function versionFrom(root: string, name: string): string | undefined {
  return versionOf(folderOf(name, join(root, 'package.json')))
}

function versionOf(folder: string | undefined): string | undefined {
  return folder === undefined ? undefined : manifestOf(folder)?.version
}
