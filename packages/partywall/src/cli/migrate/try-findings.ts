/** What stands in the way of a history, grouped by its cause, and how the config cures it. */
import { styleText } from 'node:util'
import type { TrialFinding, TrialOfKind, TrialPlace } from '../../migrations/trial/trial-report.ts'
import { printable, shortPath } from '../terminal/printable.ts'

const placesShown = 10

/** The lines to put into the config, and the migration to add to the shared schema. */
export function cureLines({ kind, cure, verdict }: TrialOfKind): string[] {
  if (cure === undefined) return []
  const { config, shared, options } = cure
  const words = Object.entries(options).map(([option, value]) => `${option}: '${value}'`)
  const key = kind === 'default' ? 'tenant' : kind
  const works = verdict === 'works with options' ? 'It works with' : 'More of it is allowed with'
  return [
    ...(words.length === 0
      ? []
      : [
          bold(`${works} this in the config:`),
          `  ${printable(config === undefined ? `the options { ${words.join(', ')} } of the source` : `${key}: ${config}`)}`,
          ...(config?.startsWith('folderMigrations') === true ? ["  where folderMigrations comes from 'partywall'"] : []),
        ]),
    ...(shared === undefined
      ? []
      : [
          bold(`${words.length === 0 ? works : 'and with'} this migration of the shared schema:`),
          `  ${printable(shortPath(shared.file))}`,
          ...shared.text
            .trimEnd()
            .split('\n')
            .map((line) => `    ${printable(line)}`),
        ]),
  ]
}

/** The same words about several places are told once. */
export function findingLines({ findings, missingExtensions }: TrialOfKind, isVerbose: boolean): string[] {
  const missing = `${missingExtensions.map(printable).join(', ')}. Install them on the server, or name a server that has them with --url.`
  return [
    ...(missingExtensions.length === 0 ? [] : [bold('Extensions that the server does not have:'), `  ${missing}`]),
    ...grouped(findings, titleOf).flatMap(([title, group]) => [
      bold(title),
      ...(group[0]!.option === undefined ? byMessage(group, isVerbose) : byPlace(group, isVerbose)),
    ]),
  ]
}

export function placeLines(title: string, places: readonly TrialPlace[]): string[] {
  return places.length === 0 ? [] : [bold(title), ...places.map((place) => `  ${where(place)}  ${printable(place.what)}`)]
}

function titleOf({ option, cause }: TrialFinding): string {
  if (option === undefined) return titles[cause]
  return `Refused, and allowed with { ${option}: '${option === 'extensions' ? 'shared' : 'rewrite'}' }:`
}

const titles: Readonly<Record<TrialFinding['cause'], string>> = {
  refused: 'Refused:',
  failed: 'Failed in a tenant:',
  reference: 'Failed on the plain database:',
  source: 'The migrations cannot be read:',
}

/** An option helps all of them, so that the advice of each is not needed. */
function byPlace(group: readonly TrialFinding[], isVerbose: boolean): string[] {
  return first(
    group.map((finding) => `  ${where(finding)}  ${printable(firstClause(finding.message))}`),
    isVerbose,
  )
}

function byMessage(group: readonly TrialFinding[], isVerbose: boolean): string[] {
  return grouped(group, ({ message }) => message).flatMap(([message, alike]) => [
    ...first(
      alike.filter(({ file }) => file !== undefined).map((finding) => `  ${where(finding)}`),
      isVerbose,
    ),
    `    ${printable(message.replaceAll(`${process.cwd()}/`, ''))}`,
  ])
}

function first(lines: readonly string[], isVerbose: boolean): string[] {
  const more = isVerbose ? 0 : lines.length - placesShown
  return more > 0 ? [...lines.slice(0, placesShown), `  and ${more} more; --verbose names all`] : [...lines]
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
