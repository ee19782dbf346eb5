/** PW-103: the versions of the server, of node-postgres and of Node.js are ones that partywall is tested with. */
import { createRequire } from 'node:module'
import type { Context, Examination, Observation } from '../context/examination.ts'

export const versions: Examination = {
  id: 'PW-103',
  title: 'Versions that are not tested',
  run: async ({ facts: { version } }: Context) => [
    ...serverVersion(version),
    ...driverVersion(installedDriver()),
    ...nodeVersion(process.versions.node),
  ],
}

const oldestServer = 14
const newestServer = 18

/** @param version as in `server_version_num` */
export function serverVersion(version: number): Observation[] {
  const major = Math.floor(version / 10_000)
  if (major < oldestServer) {
    return [
      {
        severity: 'error',
        seen: `The server is PostgreSQL ${major}; partywall is tested with ${oldestServer} to ${newestServer}.`,
        fix: 'Upgrade the server.',
      },
    ]
  }
  if (major <= newestServer) return []
  return [
    {
      severity: 'warning',
      seen: `The server is PostgreSQL ${major}, which is newer than this version of partywall: it is tested with ${oldestServer} to ${newestServer}.`,
      fix: 'Upgrade partywall, or run your own tests with two tenants on this server.',
    },
  ]
}

/** @param version of node-postgres; undefined where no package.json was found, as in a bundle */
export function driverVersion(version: string | undefined): Observation[] {
  if (version === undefined || Number.parseInt(version, 10) === 8) return []
  return [
    {
      severity: 'warning',
      seen: `node-postgres (pg) ${version} is installed; partywall is tested with version 8.`,
      fix: 'Install pg 8, or run your own tests with two tenants.',
    },
  ]
}

export function nodeVersion(version: string): Observation[] {
  const [major = 0] = version.split('.').map(Number)
  if (major >= 22 && major % 2 === 0) return []
  return [
    {
      severity: 'info',
      seen: `Node.js ${version} is not a release with long-term support.`,
      fix: 'Use an even major version from 22 on in production.',
    },
  ]
}

function installedDriver(): string | undefined {
  try {
    return (createRequire(import.meta.url)('pg/package.json') as { version?: string }).version
  } catch {
    return undefined
  }
}
