/** What the checks are told of the project: its config, its application, its database; and why each of these is missing. */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readApp } from '../../check/app/read-app.ts'
import type { DatabaseFacts, Facts, Need } from '../../check/check.ts'
import { catalogState, type CatalogState } from '../../check/catalog-state.ts'
import { projectRoot } from '../../config/project-root.ts'
import { databaseOf, type Tenancy } from '../../tenancy.ts'
import type { Cli } from '../context/cli.ts'
import { findConfig } from '../context/config-file.ts'
import { useProjectModules } from '../context/project-modules.ts'
import { messageOf } from '../terminal/failure.ts'

export interface CheckFlags {
  readonly app?: string
  readonly allow?: readonly string[]
  readonly database: boolean
}

interface Gathered {
  readonly facts: Facts
  readonly absent: Partial<Record<Need, string>>
  /** Lets the code of the application do what it likes. */
  release(): void
}

/** What can be found out, and why the rest cannot. */
export async function gather(cli: Cli, flags: CheckFlags): Promise<Gathered> {
  const folder = dirname(findConfig(process.cwd(), cli.flags.config))
  const base = { root: projectRoot(folder), ownFile: fileURLToPath(import.meta.url) }
  // First the config: the variables of its .env are for the application, too.
  const opened = await cli.tenancy().then(
    (tenancy) => ({ tenancy }),
    (error: unknown) => ({ refusal: messageOf(error) }),
  )
  useProjectModules()
  const app =
    flags.app === undefined
      ? undefined
      : await readApp(flags.app, flags.allow ?? [], messageOf, 'tenancy' in opened ? opened.tenancy : undefined)
  const noApp = { app: 'no application was named; name its module with --app' }
  const release = (): void => app?.release()
  if ('refusal' in opened) {
    const why = 'the config is refused'
    return {
      facts: { ...base, app, refusal: opened.refusal },
      absent: { config: why, database: why, catalog: why, ...noApp },
      release,
    }
  }
  const { tenancy } = opened
  const config = { options: tenancy.options, ...databaseOf(tenancy).given }
  const facts = { ...base, root: tenancy.options.root, app, config }
  if (!flags.database) return { facts, absent: { database: left, catalog: left, ...noApp }, release }
  try {
    const { database, catalog } = await reach(tenancy)
    return {
      facts: { ...facts, database, catalog: catalog === 'readable' ? database : undefined },
      absent: { ...(catalog !== 'readable' && { catalog: noCatalog[catalog] }), ...noApp },
      release,
    }
  } catch (error) {
    const why = `the database cannot be asked: ${messageOf(error)}`
    return { facts, absent: { database: why, catalog: why, ...noApp }, release }
  }
}

const left = '--no-database was given'

const noCatalog = {
  missing: 'the database has no catalog; npx partywall migrate installs it',
  unreadable: 'the role of this connection may not read the catalog; name its owner in the option "database.deploy"',
} as const

/** The catalog is not installed by this. */
async function reach(tenancy: Tenancy): Promise<{ database: DatabaseFacts; catalog: CatalogState }> {
  const opened = databaseOf(tenancy)
  return {
    database: { queryable: opened.deploy, login: await opened.loginRole() },
    catalog: await catalogState(opened.deploy),
  }
}
