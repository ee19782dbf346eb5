/** `partywall check`: what is wrong with the configuration, the code and the database of a project, as far as it can be seen. Changes nothing. */
import { fileURLToPath } from 'node:url'
import { dirname } from 'node:path'
import type { Command } from 'commander'
import { readApp } from '../../check/app/read-app.ts'
import type { DatabaseFacts, Facts, Need } from '../../check/check.ts'
import { checks } from '../../check/checks.ts'
import { hasCatalog } from '../../check/has-catalog.ts'
import { runChecks } from '../../check/run-checks.ts'
import { projectRoot } from '../../config/project-root.ts'
import { databaseOf, type Tenancy } from '../../tenancy.ts'
import type { Cli } from '../context/cli.ts'
import { findConfig } from '../context/config-file.ts'
import { examples, repeated } from '../context/declarations.ts'
import { useProjectModules } from '../context/project-modules.ts'
import { messageOf } from '../terminal/failure.ts'
import { renderReport } from './report.ts'

interface CheckFlags {
  readonly app?: string
  readonly allow?: readonly string[]
  readonly database: boolean
}

export function check(parent: Command, cli: Cli): void {
  parent
    .command('check')
    .description('check the configuration, the code and the database of this project; changes nothing')
    .option('--app <module>', 'import this module, and check the order of the middlewares of its application')
    .option(
      '--allow <path>',
      'a route that needs no tenant; /admin/* for all under it; may be repeated (default: none)',
      repeated,
    )
    .option('--no-database', 'leave out what needs a database')
    .addHelpText(
      'after',
      examples(
        ['check', 'before a deploy; exit code 1 when there are errors'],
        ['check --app src/app.ts --allow /health', 'also the order of middlewares'],
        ['check --no-database --json', 'for a program, without a database'],
      ),
    )
    .action(async (flags: CheckFlags) => {
      const report = await runChecks(checks, { ...(await gather(cli, flags)), describe: messageOf })
      if (!report.ok) cli.fail()
      cli.out.result(report, () => renderReport(report, checks.length))
    })
}

/** What can be found out, and why the rest cannot. */
async function gather(cli: Cli, flags: CheckFlags): Promise<{ facts: Facts; absent: Partial<Record<Need, string>> }> {
  const folder = dirname(findConfig(process.cwd(), cli.flags.config))
  const base = { root: projectRoot(folder), ownFile: fileURLToPath(import.meta.url) }
  // First the config: the variables of its .env are for the application, too.
  const opened = await cli.tenancy().then(
    (tenancy) => ({ tenancy }),
    (error: unknown) => ({ refusal: messageOf(error) }),
  )
  useProjectModules()
  const app = flags.app === undefined ? undefined : await readApp(flags.app, flags.allow ?? [], messageOf)
  const noApp = { app: 'no application was named; name its module with --app' }
  if ('refusal' in opened) {
    const why = 'the config is refused'
    return { facts: { ...base, app, refusal: opened.refusal }, absent: { config: why, database: why, catalog: why, ...noApp } }
  }
  const { tenancy } = opened
  const { isEmbedded } = tenancy.database
  const config = { options: tenancy.options, isEmbedded, ...databaseOf(tenancy).given }
  const facts = { ...base, root: tenancy.options.root, app, config }
  if (!flags.database) return { facts, absent: { database: left, catalog: left, ...noApp } }
  try {
    const found = await reach(tenancy)
    return {
      facts: { ...facts, ...found },
      absent: { catalog: 'the database has no catalog; npx partywall migrate installs it', ...noApp },
    }
  } catch (error) {
    const why = `the database cannot be asked: ${messageOf(error)}`
    return { facts, absent: { database: why, catalog: why, ...noApp } }
  }
}

const left = '--no-database was given'

/** The catalog is not installed by this. */
async function reach(tenancy: Tenancy): Promise<{ database: DatabaseFacts; catalog: DatabaseFacts | undefined }> {
  const opened = databaseOf(tenancy)
  const database = { queryable: opened.deploy, login: await opened.loginRole() }
  return { database, catalog: (await hasCatalog(opened.deploy)) ? database : undefined }
}
