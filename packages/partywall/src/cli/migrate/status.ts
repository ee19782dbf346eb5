/** `partywall migrate status`: the state of the schemas. Changes nothing. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { statusDocument, type StatusDocument } from '../terminal/fleet-documents.ts'
import { listed, printable, shortPath } from '../terminal/printable.ts'
import { table, type Cell } from '../terminal/table.ts'
import { renderAhead, renderScopes } from './scopes.ts'
import { refuseFlagsBefore, selectionOf, withSelection, type SelectionFlags } from './flags.ts'

export function migrateStatus(parent: Command, cli: Cli): void {
  withSelection(parent.command('status').allowExcessArguments(false))
    .description('show the state of the schemas: how many have which last migration, and what is pending')
    .optionsGroup('How:')
    .option('--verify', 'read the history tables themselves; report a schema whose digest does not match its history')
    .addHelpText(
      'after',
      examples(
        ['migrate status', 'a line for each last migration, with the number of schemas'],
        ['migrate status --json', 'every schema, for a program'],
        ['migrate status --verify', 'check that every digest matches its history'],
      ) + '\n\nThe exit code is 1 when a schema cannot be migrated; pending migrations alone are not a failure.',
    )
    .action(async (flags: SelectionFlags & { readonly verify?: boolean }, command: Command) => {
      refuseFlagsBefore(command)
      const { migrations } = await cli.tenancy()
      const statuses = (await migrations.status({ ...(await selectionOf(cli, flags)), verify: flags.verify })).map(statusDocument)
      if (statuses.some(({ problem }) => problem !== undefined)) cli.fail()
      cli.out.result(statuses, () => renderStatuses(statuses))
    })
}

/** A line for each last migration, with some of its schemas; below, the schemas that have a problem. */
function renderStatuses(statuses: readonly StatusDocument[]): string {
  if (statuses.length === 0) return 'no schemas'
  const sound = statuses.filter(({ problem }) => problem === undefined)
  const alike = Object.values(
    Object.groupBy(sound, ({ source, head, applied, pending }) => JSON.stringify([source, head, applied, pending])),
  ) as StatusDocument[][]
  const sources = [...new Set(sound.map(({ source }) => source))]
  const place = ([first]: StatusDocument[]): number => sources.indexOf(first!.source)
  const rows = alike.toSorted((a, b) => place(a) - place(b) || b[0]!.applied - a[0]!.applied).map(rowOf)
  return [
    ...(rows.length > 0 ? [table(['source', 'head', 'applied', 'pending', 'schemas', 'which'], rows)] : []),
    ...renderAhead(statuses),
    ...renderProblems(statuses),
    ...renderScopes(statuses),
  ].join('\n')
}

/** The lines that name the schemas with a problem; none when there are none. */
export function renderProblems(statuses: readonly StatusDocument[]): string[] {
  const broken = statuses.filter(({ problem }) => problem !== undefined)
  if (broken.length === 0) return []
  const more = broken.length - problemsShown
  return [
    broken.length === 1 ? '1 schema cannot be migrated:' : `${broken.length} schemas cannot be migrated:`,
    ...broken
      .slice(0, problemsShown)
      .map(({ target, problem }) => `  ${printable(target)}: ${problem!.code}: ${printable(problem!.message)}`),
    ...(more > 0 ? [`  and ${more} more; --json names all`] : []),
  ]
}

function rowOf(schemas: readonly StatusDocument[]): Cell[] {
  const { source = '', head, applied, pending } = schemas[0]!
  const names = schemas.map(({ target }) => target)
  return [shortPath(source), head ?? 'none', applied, listed(pending, 3) || '-', schemas.length, listed(names, namesShown)]
}

const namesShown = 5
const problemsShown = 20
