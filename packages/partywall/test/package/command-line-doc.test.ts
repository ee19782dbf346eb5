/** The page of the command line has a section for each command with all of its flags; that of the migrations every option of a run. */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { globalFlags, type Cli } from '../../src/cli/context/cli.ts'
import { buildProgram } from '../../src/cli/program.ts'
import { runOptionKeys } from '../../src/migrations/run/run-options.ts'

const docs = new URL('../../../../docs/', import.meta.url)
const page = await readFile(new URL('command-line.md', docs), 'utf8')
const migrations = await readFile(new URL('migrations.md', docs), 'utf8')

test('every command has a row and a section on the page, and the section has every flag', async () => {
  // No command runs, so none of the context is used.
  expect(missing(await buildProgram({} as Cli), page)).toEqual([])
})

test('a command or flag that is not on the page is found', async () => {
  const without = page
    .replaceAll('`--max-failures', '')
    .replace('| `--limit <n>`', '')
    .replace('### domain list', '')
    .replace('[`dev`]', '')
    .replace('| `--verbose` |', '')
  expect(missing(await buildProgram({} as Cli), without)).toEqual([
    '--verbose',
    'tenant list --limit',
    'domain list has no section',
    'migrate --max-failures',
    'migrate down --max-failures',
    'migrate redo --max-failures',
    'dev has no row',
  ])
})

test('every option of a run has its row, and every row its option', () => {
  const table = /\| option of `run` \|[\s\S]*?\n\n/.exec(migrations)?.[0] ?? ''
  expect([...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, option]) => option)).toEqual([...runOptionKeys])
})

function missing(program: Command, text: string): string[] {
  const common = ['config', 'json', 'no-input', 'verbose'].filter(
    (flag) => !section(text, 'Flags of every command')?.includes(`\`--${flag}`),
  )
  return [...common.map((flag) => `--${flag}`), ...missingBelow(program, text, [])]
}

function missingBelow(parent: Command, text: string, words: readonly string[]): string[] {
  return parent.commands.flatMap((command) => {
    const path = [...words, command.name()]
    return [...(isOnlyNoun(command) ? [] : missingOf(command, text, path.join(' '))), ...missingBelow(command, text, path)]
  })
}

function missingOf(command: Command, text: string, name: string): string[] {
  const own = section(text, name)
  const row = new RegExp(`^\\| \\[\`${name}[\` ]`, 'm').test(text) ? [] : [`${name} has no row`]
  if (own === undefined) return [...row, `${name} has no section`]
  const flags = command.options.filter((option) => !globalFlags.has(option.attributeName())).map(({ long }) => long!)
  // What several commands take has a section of its own, which theirs links to.
  const linked = [...own.matchAll(/\[(which schemas|how a run goes)\]\(#/g)].map(([, title]) => section(text, title!) ?? '')
  const described = [own, ...linked].join('\n')
  return [
    ...row,
    ...flags.filter((flag) => !new RegExp(`^\\| \`${flag}[\` ]`, 'm').test(described)).map((flag) => `${name} ${flag}`),
  ]
}

/** From a heading to the next one. */
function section(text: string, title: string): string | undefined {
  return new RegExp(`^#+ ${title}\n([\\s\\S]*?)(?=^#|$(?![\\s\\S]))`, 'im').exec(text)?.[1]
}

/** A word that only groups others, such as `tenant`. */
function isOnlyNoun(command: Command): boolean {
  return command.commands.length > 0 && command.options.length <= globalFlags.size
}
