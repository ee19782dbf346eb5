/** What stands in the way of a history, grouped by its cause, and how the config cures it. */
import { styleText } from 'node:util'
import type { TrialFinding, TrialOfKind, TrialPlace } from '../../migrations/trial/trial-report.ts'
import { printable, shortPath } from '../terminal/printable.ts'
import { wrapped } from '../terminal/wrap.ts'

const placesShown = 10

/** Nothing is to be done at such a place: the option helps all of them. */
const curedPlacesShown = 3

/** The lines to put into the config, and the migration to add to the shared schema. */
export function cureLines({ kind, cure, verdict }: TrialOfKind): string[] {
  if (cure === undefined) return []
  const { config, shared, options } = cure
  const words = Object.entries(options).map(([option, value]) => `${option}: '${value}'`)
  const key = kind === 'default' ? 'tenant' : kind
  const too = verdict === 'works with options' ? '' : ', too'
  return [
    ...(words.length === 0
      ? []
      : [
          bold(`Put this into the config${too}:`),
          `  ${printable(config === undefined ? `the options { ${words.join(', ')} } of the source` : `${key}: ${config}`)}`,
          ...(config?.startsWith('folderMigrations') === true ? ["  where folderMigrations comes from 'partywall'"] : []),
        ]),
    ...(shared === undefined
      ? []
      : [
          bold(`Create this migration of the shared schema${too}:`),
          `  ${printable(shortPath(shared.file))}`,
          ...shared.text
            .trimEnd()
            .split('\n')
            .map((line) => `    ${printable(line)}`),
        ]),
    'Then try again.',
  ]
}

/** What no option helps. The same words about several places are told once. */
export function findingLines({ findings, missingExtensions }: TrialOfKind, isVerbose: boolean): string[] {
  const missing = `${missingExtensions.map(printable).join(', ')}. Install them on the server, or name a server that has them with --url.`
  const open = findings.filter(({ option }) => option === undefined)
  return [
    ...(missingExtensions.length === 0 ? [] : [bold('Extensions that the server does not have:'), ...wrapped([`  ${missing}`])]),
    ...grouped(open, ({ cause }) => titles[cause]).flatMap(([title, group]) => [bold(title), ...byMessage(group, isVerbose)]),
  ]
}

/** Why the config needs its options. */
export function curedLines({ findings }: TrialOfKind, isVerbose: boolean): string[] {
  const cured = findings.filter(({ option }) => option !== undefined)
  return grouped(cured, titleOf).flatMap(([title, group]) => [bold(title), ...byPlace(group, isVerbose)])
}

export function placeLines(title: string, places: readonly TrialPlace[]): string[] {
  return places.length === 0 ? [] : [bold(title), ...places.map((place) => `  ${where(place)}  ${printable(place.what)}`)]
}

function titleOf({ option }: TrialFinding): string {
  return `Refused, and allowed with { ${option}: '${option === 'extensions' ? 'shared' : 'rewrite'}' }:`
}

const titles: Readonly<Record<TrialFinding['cause'], string>> = {
  refused: 'Refused:',
  failed: 'Failed in a tenant:',
  reference: 'Failed on the plain database:',
  source: 'The migrations cannot be read:',
}

/** The advice of each is not needed. */
function byPlace(group: readonly TrialFinding[], isVerbose: boolean): string[] {
  return first(
    group.map((finding) => `  ${where(finding)}  ${printable(firstClause(finding.message))}`),
    isVerbose,
    curedPlacesShown,
  )
}

function byMessage(group: readonly TrialFinding[], isVerbose: boolean): string[] {
  return grouped(group, ({ message }) => message).flatMap(([message, alike]) => [
    ...first(
      alike.filter(({ file }) => file !== undefined).map((finding) => `  ${where(finding)}`),
      isVerbose,
    ),
    ...wrapped([`    ${printable(message.replaceAll(`${process.cwd()}/`, ''))}`]),
  ])
}

function first(lines: readonly string[], isVerbose: boolean, most = placesShown): string[] {
  const more = isVerbose ? 0 : lines.length - most
  return more > 0 ? [...lines.slice(0, most), `  and ${more} more; --verbose names all`] : [...lines]
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): (readonly [string, T[]])[] {
  return Object.entries(Object.groupBy(items, keyOf)) as [string, T[]][]
}

/** `create extension, which is about …` is cut before its comma. */
function firstClause(message: string): string {
  return /^[^,;:]*/.exec(message)![0].replace(/[.]$/, '')
}

function where({ file = '', line }: { readonly file?: string; readonly line?: number }): string {
  return `${printable(shortPath(file))}${line === undefined ? '' : `:${line}`}`
}

function bold(text: string): string {
  return styleText('bold', text, { stream: process.stdout })
}
