/** The page of the command line names every command and every flag; that of the migrations every option of a run. */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import type { Cli } from '../../src/cli/context/cli.ts'
import { buildProgram } from '../../src/cli/program.ts'
import { runOptionKeys } from '../../src/migrations/run/run-options.ts'

const docs = new URL('../../../../docs/', import.meta.url)
const page = await readFile(new URL('command-line.md', docs), 'utf8')
const migrations = await readFile(new URL('migrations.md', docs), 'utf8')

test('every command and every flag is on the page', () => {
  // Nothing is run, so nobody is asked.
  expect(missing(buildProgram({} as Cli), page)).toEqual([])
})

test('one that is not there is found', () => {
  const without = page.replaceAll('--max-failures', '').replaceAll('migrate down', '')
  expect(missing(buildProgram({} as Cli), without)).toEqual([
    'migrate --max-failures',
    'migrate down',
    'migrate down --max-failures',
  ])
})

test('every option of a run has its row, and every row its option', () => {
  const table = /\| option of `run` \|[\s\S]*?\n\n/.exec(migrations)?.[0] ?? ''
  expect([...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, option]) => option)).toEqual([...runOptionKeys])
})

function missing(command: Command, text: string, words: readonly string[] = []): string[] {
  return command.commands.flatMap((child) => {
    const path = [...words, child.name()]
    const name = path.join(' ')
    const flags = child.options.filter(({ long }) => !new RegExp(`${long}\\b`).test(text)).map(({ long }) => `${name} ${long}`)
    const isGroup = child.commands.length > 0 && child.options.length <= commonFlags
    const own = isGroup || text.includes(`\`${name}`) ? [] : [name]
    return [...own, ...flags, ...missing(child, text, path)]
  })
}

/** A word with no more than these only groups others. */
const commonFlags = 4
